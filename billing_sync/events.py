"""Follow an account by its events: each is kept for ever, and is a hint to fetch the object that it names.

Pages are listed from where the last reading ended, by Stripe's clock and with an overlap, so that an event
that appears late is still seen; then the named objects are fetched, each once however many events name it.
What a webhook told of before is in the mirror already, and is not fetched again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import backfill, deleted_coupons, following, mirror, nights
from billing_sync.access import stripe_of
from billing_sync.columns import UnusableError, created_at
from billing_sync.fetching import fetch
from billing_sync.hints import readable, targets_of
from billing_sync.models import Connection, Event, SetAside, SyncCursor, WebhookDelivery
from billing_sync.payload import JsonObject, read_payload
from billing_sync.reading import Fetched, read_page
from billing_sync.resources import BY_NAME, EVENTS
from billing_sync.stripe_errors import CursorLostError, StripeError
from billing_sync.trouble import key_trouble, wait_for
from billing_sync.webhooks import deliveries, endpoints
from config.clock import now

__all__ = ["fetch", "step", "targets_of"]

# Stripe keeps events for 30 days; after a longer silence only the lists tell.
REACH = timedelta(days=29)
AT_ONCE = 100
ASIDE_FOR = timedelta(minutes=10)
State = SyncCursor.State


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Read a page of events, or fetch what a batch of them names; pause when there is neither."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        cursor = _cursor(connection).first() if connection else None
        if connection is None or cursor is None or connection.state != Connection.State.LIVE:
            return jobs.DONE
        deliveries.ask(connection)
        endpoints.tend(connection)
        if not readable(connection):
            return jobs.Later(now() + timedelta(seconds=settings.POLL_SECONDS))
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


def _listen(connection: Connection, cursor: SyncCursor) -> jobs.Outcome:
    if cursor.state != State.COMPLETE:
        since = {"created": {"gte": int(cursor.since_at.timestamp())}} if cursor.since_at else {}
        _write_page(connection, read_page(stripe_of(connection), EVENTS, cursor.starting_after, **since))
        return jobs.MORE
    if _apply(connection) or _try_again(connection):
        return jobs.MORE
    with tenant(connection.organization_id):
        _cursor(connection).update(state=State.WAITING, error="")
        if cursor.started_at is not None:
            following.reach(connection, cursor.started_at)
        following.conclude(connection)
        nights.keep(connection)
        deleted_coupons.keep(connection)
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


def _apply(connection: Connection) -> bool:
    """Fetch what the oldest waiting events name and store it; False when none waits."""
    with tenant(connection.organization_id):
        waiting = list(_waiting(connection)[:AT_ONCE])
        known = _fetched_for_webhooks(connection, waiting)
    if not waiting:
        return False
    events = [read_payload(event.payload) for event in waiting if event.stripe_id not in known]
    following.follow(connection, (target for event in events for target in targets_of(event)), events)
    with tenant(connection.organization_id):
        Event.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            stripe_id__in=[event.stripe_id for event in waiting],
        ).update(applied_at=now())
    return True


def _fetched_for_webhooks(connection: Connection, waiting: Sequence[Event]) -> set[str]:
    """Return the events that a webhook told of, and whose objects were fetched for it.

    A deletion is looked at again: only the event tells the last state of what was never seen.
    """
    ids = [event.stripe_id for event in waiting if not event.type.endswith(".deleted")]
    told = WebhookDelivery.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        event_id__in=ids,
        fetched=True,
    )
    return set(told.values_list("event_id", flat=True))


def _try_again(connection: Connection) -> bool:
    """Fetch objects again that were set aside a while ago; False when there are none."""
    with tenant(connection.organization_id):
        aside = SetAside.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            seen_at__lt=now() - ASIDE_FOR,
            resource__in=[name for name in BY_NAME if name != EVENTS.name],
        ).exclude(Q(stripe_id="?") | Q(stripe_id__startswith="sha256:"))
        found = list(aside.order_by("seen_at").values_list("resource", "stripe_id")[:AT_ONCE])
    if not found:
        return False
    following.follow(connection, [(BY_NAME[name], identity) for name, identity in found])
    return True


def _waiting(connection: Connection) -> QuerySet[Event]:
    return Event.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, applied_at=None
    ).order_by("created_at", "stripe_id")


def _cursor(connection: Connection) -> QuerySet[SyncCursor]:
    return SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, resource=backfill.POLL
    )
