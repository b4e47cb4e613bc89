"""What opens an account: a connection's secrets, encrypted for its row alone, and the client they give."""

from django.views.decorators.debug import sensitive_variables

from accounts import secrets
from accounts.tenancy import tenant
from billing_sync import runs
from billing_sync.models import Connection
from billing_sync.stripe_client import Stripe, client

SECRETS_MODEL = "billing_sync.Connection"
OPEN = (Connection.State.CHECKING, Connection.State.IMPORTING, Connection.State.LIVE)
KEY, REFRESH_TOKEN, CODE = "key_encrypted", "refresh_token_encrypted", "code_encrypted"
HINT_LETTERS = 4


def stripe_of(connection: Connection) -> Stripe:
    """Return the process's client for a connection's account."""
    return client(open_key(connection), connection.api_base)


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


def revoke(connection: Connection, words: str) -> None:
    """Stop a connection that no longer opens its account, until a person gives it another key."""
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
