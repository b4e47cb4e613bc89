"""What opens an account: a connection's secrets, encrypted for its row alone, and the client they give."""

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import secrets
from accounts.tenancy import tenant
from billing_sync import runs, stripe_connect
from billing_sync.models import Connection
from billing_sync.stripe_client import Stripe, client
from billing_sync.stripe_connect import Grant
from billing_sync.stripe_errors import GrantRefusedError, KeyExpiredError, KeyWrongError, StripeError
from config.clock import now

SECRETS_MODEL = "billing_sync.Connection"
OPEN = (Connection.State.CHECKING, Connection.State.IMPORTING, Connection.State.LIVE)
MARGIN = timedelta(minutes=5)
KEY, REFRESH_TOKEN, CODE = "key_encrypted", "refresh_token_encrypted", "code_encrypted"
secrets.keep(SECRETS_MODEL, KEY, REFRESH_TOKEN, CODE, row="id")
OPENED_BY = (KEY, REFRESH_TOKEN, CODE, "key_hint", "key_expires_at")
HINT_LETTERS = 4


def stripe_of(connection: Connection) -> Stripe:
    """Return the process's client for a connection's account, with a token that is good for a while."""
    if _due(connection):
        _renew(connection, _due)
    sealed = bytes(connection.key_encrypted)
    return _opened(
        connection.organization_id, connection.id, sealed, connection.api_base, connection.account_id
    )


@lru_cache(maxsize=256)
def _opened(organization_id: UUID, connection_id: UUID, sealed: bytes, api_base: str, account: str) -> Stripe:
    """Return the client of what is sealed in a connection; opening it again takes longer than finding it."""
    held = Connection(organization_id=organization_id, id=connection_id)
    return client(unseal(held, KEY, sealed), api_base, account)


def renewed(connection: Connection) -> bool:
    """Say whether an account that refused its token opens again with a new one, or may soon."""
    if connection.kind != Connection.Kind.OAUTH:
        return False
    refused = open_key(connection)
    try:
        _renew(connection, lambda current: open_key(current) == refused)
        stripe_of(connection).retrieve("/v1/account")
    except (KeyWrongError, KeyExpiredError):
        return False
    except StripeError:
        return True
    return True


def _due(connection: Connection) -> bool:
    """Say whether a code waits to be exchanged, or a token ends soon."""
    ends = connection.key_expires_at
    return bool(connection.code_encrypted) or (ends is not None and ends - now() < MARGIN)


def _renew(connection: Connection, wanted: Callable[[Connection], bool]) -> None:
    """Get new tokens and store them, once however many ask: the first holds the row until it has them."""
    with tenant(connection.organization_id):
        mine = Connection.objects.filter(organization_id=connection.organization_id, id=connection.id)
        current = mine.select_for_update().filter(state__in=OPEN).first()
        if current is None:
            raise KeyWrongError(_("This account is connected no longer."))
        if wanted(current):
            _take(current, _granted(current))
            current.save()
    for field in OPENED_BY:
        setattr(connection, field, getattr(current, field))


def _granted(connection: Connection) -> Grant:
    if connection.code_encrypted:
        return stripe_connect.exchange(unseal(connection, CODE, bytes(connection.code_encrypted)))
    if not connection.refresh_token_encrypted:
        raise GrantRefusedError(_("Stripe no longer gives access to this account. Connect it again."))
    token = unseal(connection, REFRESH_TOKEN, bytes(connection.refresh_token_encrypted))
    return stripe_connect.refresh(token)


def _take(connection: Connection, grant: Grant) -> None:
    if connection.livemode is not grant.livemode:
        raise GrantRefusedError(_("Stripe gave access to the other mode of this account. Connect it again."))
    seal_key(connection, grant.access_token)
    connection.code_encrypted = b""
    connection.refresh_token_encrypted = (
        seal(connection, REFRESH_TOKEN, grant.refresh_token) if grant.refresh_token else b""
    )
    connection.key_expires_at = grant.expires_at


@sensitive_variables("key")
def seal_key(connection: Connection, key: str) -> None:
    """Put a key into a connection, encrypted for this row alone."""
    connection.key_hint = f"{key[: len('rk_test_')]}…{key[-HINT_LETTERS:]}"
    connection.key_encrypted = seal(connection, KEY, key)


def open_key(connection: Connection) -> str:
    """Return a connection's key, for a request to Stripe and nothing else."""
    return unseal(connection, KEY, bytes(connection.key_encrypted))


def hand_over(connection: Connection, present: Connection) -> None:
    """Let a connection be opened by what opens another of the same account."""
    present.kind = connection.kind
    seal_key(present, open_key(connection))
    present.refresh_token_encrypted = b""
    present.key_expires_at = connection.key_expires_at
    token = bytes(connection.refresh_token_encrypted)
    if token:
        present.refresh_token_encrypted = seal(
            present, REFRESH_TOKEN, unseal(connection, REFRESH_TOKEN, token)
        )


def revoke(connection: Connection, words: str = "") -> None:
    """Stop a connection that no longer opens its account; without words, its owner withdrew access."""
    words = words or _("Access was withdrawn in Stripe. Connect with Stripe again; nothing read is lost.")
    with tenant(connection.organization_id):
        stopped = Connection.objects.filter(
            organization_id=connection.organization_id, id=connection.id, state__in=OPEN
        ).update(state=Connection.State.REVOKED, error=words)
        if stopped:
            runs.end_all(connection, words)


def erase(connection: Connection) -> None:
    """Forget everything that opens an account."""
    connection.key_encrypted = connection.refresh_token_encrypted = connection.code_encrypted = b""
    connection.key_hint, connection.key_expires_at = "", None


@sensitive_variables("text")
def seal(connection: Connection, field: str, text: str) -> bytes:
    """Encrypt a secret of a connection, for one field of its row alone."""
    return secrets.encrypt(
        text,
        organization_id=connection.organization_id,
        model=SECRETS_MODEL,
        field=field,
        row=str(connection.id),
    )


def unseal(connection: Connection, field: str, secret: bytes) -> str:
    """Return what `seal` encrypted for the same field and row."""
    return secrets.decrypt(
        secret,
        organization_id=connection.organization_id,
        model=SECRETS_MODEL,
        field=field,
        row=str(connection.id),
    )
