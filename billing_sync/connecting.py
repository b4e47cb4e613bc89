"""Connect a Stripe account by a pasted key: judge its shape, store it encrypted, let a job check it."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit, jobs
from accounts.models import User
from accounts.tenancy import tenant
from billing_sync import stripe_connect
from billing_sync.access import CODE, seal, seal_key
from billing_sync.models import Connection, SyncCursor

SHAPE = re.compile(r"[a-z]{2}_[a-z]{4}_[A-Za-z0-9_]{8,240}")
MODES = {"rk_test_": False, "sk_test_": False, "rk_live_": True, "sk_live_": True}


class KeyRefused(ValueError):  # noqa: N818
    """Raised with words for the person who pasted the key; they never repeat it."""


@sensitive_variables("api_key", "key")
def connect(
    organization_id: UUID,
    *,
    api_key: str,
    api_base: str | None = None,
    replaces: UUID | None = None,
    by: User | None = None,
) -> UUID:
    """Store a key and ask for its check; only an operator's command names an `api_base`.

    A key that `replaces` another connection's is for that account alone, which the check sees to.
    """
    key = api_key.strip()
    livemode = mode_of(key)
    base = _checked_base(api_base or settings.STRIPE_API_BASE)
    with tenant(organization_id):
        known = _known(organization_id, replaces)
        if known is not None:
            _refuse_other_mode(known, livemode)
        connection = Connection(
            organization_id=organization_id,
            kind=Connection.Kind.RESTRICTED_KEY,
            livemode=livemode,
            api_base=known.api_base if known else base,
            replaces_id=known.id if known else None,
        )
        seal_key(connection, key)
        begin(connection, by=by)
    return connection.id


@sensitive_variables("code")
def connect_by_code(
    organization_id: UUID, connection_id: UUID, *, code: str, replaces: UUID | None, by: User
) -> None:
    """Store the code that Stripe Connect gave, for the check to exchange; once for each `connection_id`."""
    with tenant(organization_id):
        known = _known(organization_id, replaces)
        connection = Connection(
            organization_id=organization_id,
            id=connection_id,
            kind=Connection.Kind.OAUTH,
            livemode=stripe_connect.livemode(),
            api_base=known.api_base if known else _checked_base(settings.STRIPE_API_BASE),
            replaces_id=known.id if known else None,
        )
        connection.code_encrypted = seal(connection, CODE, code)
        begin(connection, by=by)


def begin(connection: Connection, *, by: User | None) -> None:
    """Store a new connection inside its tenant, in place of a refused one, and ask for its check."""
    organization_id = connection.organization_id
    forget_attempts(organization_id, connection.livemode, replaces=connection.replaces_id)
    connection.save(force_insert=True)
    audit.record(
        "connection.begun",
        actor=by,
        subject=str(connection.id),
        kind=connection.kind,
        livemode=connection.livemode,
        replaces=str(connection.replaces_id or ""),
    )
    jobs.enqueue(organization_id, "check_connection", str(connection.id))


def _known(organization_id: UUID, connection_id: UUID | None) -> Connection | None:
    """Return the connection that is to go on, None where there is none or it is gone by now."""
    if connection_id is None:
        return None
    return Connection.objects.filter(organization_id=organization_id, id=connection_id).first()


def _refuse_other_mode(present: Connection, livemode: bool) -> None:
    if present.livemode is livemode:
        return
    if livemode:
        raise KeyRefused(
            _("This key is for live mode, and the connection reads test mode. Connect the live account anew.")
        )
    raise KeyRefused(
        _("This key is for test mode, and the connection reads live mode. Connect the test account anew.")
    )


def mode_of(key: str) -> bool:
    """Return whether a key is for live mode; raise KeyRefused where its shape is not that of a key we use."""
    if not key:
        raise KeyRefused(_("Paste a restricted key. It starts with rk_live_ or rk_test_."))
    if key.startswith("pk_"):
        raise KeyRefused(
            _("This is a publishable key: it cannot read. Paste a restricted key, which starts with rk_.")
        )
    if key.startswith("whsec_"):
        raise KeyRefused(
            _("This is the secret of a webhook, not a key. Paste a restricted key, which starts with rk_.")
        )
    prefix = next((prefix for prefix in MODES if key.startswith(prefix)), None)
    if prefix is None or not SHAPE.fullmatch(key):
        raise KeyRefused(
            _("This is not a key of Stripe's. A restricted key starts with rk_live_ or rk_test_.")
        )
    if prefix == "sk_live_" and not settings.STRIPE_ALLOW_SECRET_LIVE_KEYS:
        raise KeyRefused(
            _(
                "This secret key may do anything in your live account, and reading is all we need. "
                "Create a restricted key with read permissions and paste that."
            )
        )
    return MODES[prefix]


def warnings(api_key: str) -> list[str]:
    """Return what a person should know about a key that is accepted."""
    key = api_key.strip()
    if key.startswith("sk_"):
        return [
            _("This secret key may also write. A restricted key with read permissions is safer: replace it.")
        ]
    return [
        _(
            "Which permissions to write a restricted key has, Stripe does not tell. "
            "Give it none: reading is enough."
        )
    ]


def _checked_base(base: str) -> str:
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise KeyRefused(_("The address of the API must start with http:// or https://."))
    return base.rstrip("/")


def forget_attempts(organization_id: UUID, livemode: bool | None, *, replaces: UUID | None) -> None:
    """Drop the connections that never worked and were for the same: a new attempt takes their place."""
    attempts = Connection.objects.filter(
        Q(state=Connection.State.REFUSED) | Q(state=Connection.State.CHECKING) & ~Q(error=""),
        organization_id=organization_id,
        livemode=livemode,
        replaces_id=replaces,
        account_id="",
        imported_at=None,
    )
    gone = list(attempts.values_list("id", flat=True))
    SyncCursor.objects.filter(organization_id=organization_id, connection_id__in=gone).delete()
    attempts.delete()
