"""Which connections an event of Stripe Connect is for: those read as a platform.

Stripe posts the events of all of them to one endpoint, the operator's, and names the account.
"""

from django.conf import settings

from billing_sync.models import ConnectedAccount, Connection

GONE = frozenset({Connection.State.REFUSED, Connection.State.DISCONNECTED, Connection.State.DELETING})


def address() -> str:
    """Return where the operator lets Stripe post the events of connected accounts."""
    return f"{settings.BASE_URL.rstrip('/')}/webhooks/stripe/connect/"


def posts_for(connection: Connection) -> bool:
    """Say whether the operator's endpoint tells of a connection's account."""
    return connection.kind == Connection.Kind.OAUTH and bool(settings.STRIPE_CONNECT_WEBHOOK_SECRETS)


def keep(connection: Connection) -> None:
    """Let a connection be found by its account while it is one of Stripe Connect's, and no longer."""
    rows = ConnectedAccount.objects.filter(connection_id=connection.id)
    if connection.kind != Connection.Kind.OAUTH or not connection.account_id or connection.state in GONE:
        rows.delete()
        return
    facts = {"account_id": connection.account_id, "livemode": bool(connection.livemode)}
    if not rows.filter(**facts).exists():
        ConnectedAccount.objects.update_or_create(
            connection_id=connection.id, defaults={"organization_id": connection.organization_id, **facts}
        )
