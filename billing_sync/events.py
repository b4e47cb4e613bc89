"""Follow an account by its events: each is kept for ever, and is a hint to fetch the object that it names.

Pages are listed from where the last reading ended, by Stripe's clock and with an overlap, so that an event
that appears late is still seen; then the named objects are fetched, each once however many events name it.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import backfill, mirror
from billing_sync.access import stripe_of
from billing_sync.columns import UnusableError, at, created_at
from billing_sync.mirror import Sighting
from billing_sync.models import Connection, Event, InvoiceItem, SyncCursor
from billing_sync.payload import JsonObject, read_payload
from billing_sync.reading import Fetched, read_one, read_page
from billing_sync.resource import Resource
from billing_sync.resources import (
    BALANCE_TRANSACTIONS,
    BY_KIND,
    CUSTOMERS,
    EVENTS,
    INVOICE_ITEMS,
    MIRRORED,
    PRICES,
    SUBSCRIPTIONS,
)
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import (
    CursorLostError,
    NotFoundError,
    PermissionMissingError,
    StripeError,
)
from billing_sync.trouble import key_trouble, wait_for
from config.clock import now

# Stripe keeps events for 30 days; after a longer silence only the lists tell.
REACH = timedelta(days=29)
FETCHERS = 4
AT_ONCE = 100
State = SyncCursor.State
Target = tuple[Resource, str]


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Read a page of events, or fetch what a batch of them names; pause when there is neither."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        cursor = _cursor(connection).first() if connection else None
        if connection is None or cursor is None or connection.state != Connection.State.LIVE:
            return jobs.DONE
        if _unreadable(connection):
            return jobs.DONE
        if connection.data_through is not None and now() - connection.data_through > REACH:
            backfill.read_again(connection)
    try:
        return _listen(connection, cursor)
    except CursorLostError:
        with tenant(organization_id):
            _cursor(connection).update(starting_after="")
        return jobs.MORE
    except StripeError as error:
        if key_trouble(connection, error):
            return jobs.DONE
        with tenant(organization_id):
            _cursor(connection).update(error=str(error))
        return wait_for(error)


def targets_of(event: JsonObject) -> Iterator[Target]:
    """Name the objects that an event says have changed."""
    found = at(event, "data.object")
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
    if isinstance(identity, str) and identity and "/" not in identity:
        yield resource, identity


def _listen(connection: Connection, cursor: SyncCursor) -> jobs.Outcome:
    stripe = stripe_of(connection)
    if cursor.state != State.COMPLETE:
        since = {"created": {"gte": int(cursor.since_at.timestamp())}} if cursor.since_at else {}
        _write_page(connection, read_page(stripe, EVENTS, cursor.starting_after, **since))
        return jobs.MORE
    if _apply(connection, stripe):
        return jobs.MORE
    with tenant(connection.organization_id):
        _cursor(connection).update(state=State.WAITING, error="")
        Connection.objects.filter(
            Q(data_through=None) | Q(data_through__lt=cursor.started_at),
            organization_id=connection.organization_id,
            id=connection.id,
        ).update(data_through=cursor.started_at)
    return jobs.Later(now() + timedelta(seconds=settings.POLL_SECONDS))


def _write_page(connection: Connection, fetched: Fetched) -> None:
    with tenant(connection.organization_id):
        cursor = _cursor(connection).select_for_update().get()
        if cursor.starting_after != fetched.after or cursor.state == State.COMPLETE:
            return
        mirror.store_events(connection, fetched.sightings(), fetched.unusable)
        if not fetched.after:
            cursor.started_at, cursor.objects_done, cursor.pages_done = fetched.fetched_at, 0, 0
        seen = [made_at for value in fetched.values if (made_at := _made_at(value))]
        cursor.reached_at = max(filter(None, (cursor.reached_at, *seen)), default=None)
        cursor.state, cursor.starting_after = State.READING, fetched.last_id
        cursor.objects_done += len(fetched.values)
        cursor.pages_done += 1
        cursor.moved_at = now()
        if not fetched.has_more:
            cursor.state, cursor.starting_after, cursor.completed_at = State.COMPLETE, "", cursor.moved_at
            if cursor.reached_at is not None:
                cursor.since_at = cursor.reached_at - backfill.OVERLAP
        cursor.save()


def _made_at(event: JsonObject) -> datetime | None:
    try:
        return created_at(event)
    except UnusableError:
        return None


def _apply(connection: Connection, stripe: Stripe) -> bool:
    """Fetch what the oldest waiting events name and store it; False when none waits."""
    with tenant(connection.organization_id):
        waiting = list(_waiting(connection)[:AT_ONCE])
        events = [read_payload(event.payload) for event in waiting]
        named = dict.fromkeys(target for event in events for target in targets_of(event))
        named.update(dict.fromkeys(_billed_items(connection, waiting)))
    if not waiting:
        return False
    with ThreadPoolExecutor(FETCHERS) as fetchers:
        fetched = list(fetchers.map(lambda target: _fetch(stripe, *target), named))
    with tenant(connection.organization_id):
        _store(connection, fetched, events)
        Event.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            stripe_id__in=[event.stripe_id for event in waiting],
        ).update(applied_at=now())
    return True


def _fetch(stripe: Stripe, resource: Resource, identity: str) -> tuple[Resource, Sighting] | None:
    """Return an object as it is now, a deleted one if it is gone, None where the key may not read it."""
    fetched_at = now()
    try:
        return resource, read_one(stripe, resource, identity)
    except NotFoundError:
        gone = {"id": identity, "deleted": True}
        return resource, Sighting(gone, fetched_at, settings.STRIPE_API_VERSION, deleted=True)
    except (PermissionMissingError, ValueError):
        return None


def _store(
    connection: Connection,
    fetched: Iterable[tuple[Resource, Sighting] | None],
    events: Iterable[JsonObject],
) -> None:
    found = [pair for pair in fetched if pair is not None]
    for resource in MIRRORED:
        seen = [sighting for one, sighting in found if one is resource]
        mirror.store(connection, resource, [sighting for sighting in seen if not sighting.deleted])
        for sighting in seen:
            if sighting.deleted:
                _bury(connection, resource, sighting, events)


def _bury(connection: Connection, resource: Resource, gone: Sighting, events: Iterable[JsonObject]) -> None:
    """Mark a deleted object; one that was never seen is kept as its last event told it."""
    identity = gone.value["id"]
    known = resource.model._default_manager.filter(
        organization_id=connection.organization_id, connection_id=connection.id, stripe_id=identity
    )
    if known.exists():
        mirror.tombstone(connection, resource, [identity], gone.fetched_at)
        return
    told = [event for event in events if at(event, "data.object.id") == identity]
    if told:
        version = str(told[-1].get("api_version") or "")
        last = Sighting(told[-1]["data"]["object"], gone.fetched_at, version, deleted=True)
        mirror.store(connection, resource, [last])


def _billed_items(connection: Connection, waiting: Iterable[Event]) -> list[Target]:
    """Name the items that a new invoice may have taken up: no event tells that of the item itself."""
    customers = {event.customer_id for event in waiting if event.object_type == "invoice"} - {""}
    pending = InvoiceItem.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        customer_id__in=customers,
        invoice_id="",
        deleted_at=None,
    )
    return [(INVOICE_ITEMS, identity) for identity in pending.values_list("stripe_id", flat=True)]


def _waiting(connection: Connection) -> QuerySet[Event]:
    return Event.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, applied_at=None
    ).order_by("created_at", "stripe_id")


def _cursor(connection: Connection) -> QuerySet[SyncCursor]:
    return SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, resource=backfill.POLL
    )


def _unreadable(connection: Connection) -> bool:
    return SyncCursor.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        resource=EVENTS.name,
        state=State.UNAVAILABLE,
    ).exists()
