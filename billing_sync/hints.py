"""What an event is a hint to: the objects that it names."""

from collections.abc import Iterator

from billing_sync.columns import at
from billing_sync.models import Connection, SyncCursor
from billing_sync.payload import JsonObject
from billing_sync.resource import Resource
from billing_sync.resources import BALANCE_TRANSACTIONS, BY_KIND, CUSTOMERS, EVENTS, PRICES, SUBSCRIPTIONS

Target = tuple[Resource, str]


def readable(connection: Connection) -> bool:
    """Say whether the key may read the account's events."""
    return not SyncCursor.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        resource=EVENTS.name,
        state=SyncCursor.State.UNAVAILABLE,
    ).exists()


def targets_of(event: JsonObject) -> Iterator[Target]:
    """Name the objects that an event says have changed; a thin one names its object alone."""
    found = at(event, "data.object")
    related = event.get("related_object")
    if isinstance(related, dict):
        found = {"object": str(related.get("type", "")).rpartition(".")[2], "id": related.get("id")}
    if not isinstance(found, dict):
        return
    kind, identity = found.get("object"), found.get("id")
    resource = PRICES if kind == "plan" else BY_KIND.get(str(kind))
    if resource is not None and resource is not EVENTS:
        yield from _named(resource, identity)
    elif kind in ("discount", "card", "source", "bank_account", "tax_id"):
        yield from _named(SUBSCRIPTIONS, found.get("subscription"))
        yield from _named(CUSTOMERS, found.get("customer"))
    if kind in ("charge", "refund"):
        yield from _named(BALANCE_TRANSACTIONS, found.get("balance_transaction"))


def _named(resource: Resource, identity: object) -> Iterator[Target]:
    if isinstance(identity, dict):
        identity = identity.get("id")
    # Neither an address nor PostgreSQL could hold the others.
    if isinstance(identity, str) and identity and not {"/", "\x00"} & set(identity):
        yield resource, identity
