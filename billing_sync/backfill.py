"""Read each list of an account from its newest object to its oldest, page by page.

The cursor moves in the transaction that writes the page, so that a sync killed at any point goes on where it
was.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, QuerySet

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import mirror, nights
from billing_sync.access import stripe_of
from billing_sync.columns import UnusableError, created_at
from billing_sync.models import Connection, SyncCursor
from billing_sync.payload import decode_object
from billing_sync.reading import Fetched, read_page
from billing_sync.resource import Resource
from billing_sync.resources import BY_NAME, EVENTS, RESOURCES
from billing_sync.stripe_client import Page
from billing_sync.stripe_errors import (
    CursorLostError,
    NotFoundError,
    PermissionMissingError,
    StripeError,
)
from billing_sync.trouble import how_to_add, key_trouble, wait_for
from config.clock import now

STEP_SECONDS = 5.0
OVERLAP = timedelta(seconds=60)
POLL = "event_poll"
State = SyncCursor.State
UNREAD = (State.WAITING, State.READING)


def open_cursors(connection: Connection, unavailable: Mapping[str, str], newest_event: int) -> None:
    """Open the event cursor, then a cursor for each list, and ask for what is still to be read."""
    ours: dict[str, Any] = {"organization_id": connection.organization_id, "connection_id": connection.id}
    since_at = datetime.fromtimestamp(newest_event, UTC) - OVERLAP if newest_event else None
    SyncCursor.objects.get_or_create(**ours, resource=POLL, defaults={"since_at": since_at})
    for resource in RESOURCES:
        cursor, _made = SyncCursor.objects.get_or_create(**ours, resource=resource.name)
        if resource.name in unavailable:
            cursor.state, cursor.error = State.UNAVAILABLE, unavailable[resource.name]
            cursor.save(update_fields=["state", "error"])
        elif cursor.state == State.UNAVAILABLE:
            _rewind(cursor)
    _ask(connection)


def read_again(connection: Connection) -> None:
    """Go on with the lists that are not read to their end; if all are, read all of them again."""
    cursors = _lists(connection)
    if not cursors.filter(state__in=UNREAD).exists():
        for cursor in cursors.exclude(state=State.UNAVAILABLE):
            _rewind(cursor)
    _ask(connection)


def step(organization_id: UUID, key: str) -> jobs.Outcome:
    """Read and write pages of one list for a few seconds; `key` is "connection:resource"."""
    connection_id, _colon, name = key.partition(":")
    resource = BY_NAME[name]
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        cursor = _lists(connection).filter(resource=name).first() if connection else None
    if connection is None or cursor is None or cursor.state not in UNREAD or not _readable(connection):
        return jobs.DONE
    try:
        return _read(connection, resource, cursor.starting_after)
    except CursorLostError:
        _set(connection, resource, starting_after="", objects_done=0)
        return jobs.MORE
    except (PermissionMissingError, NotFoundError) as error:
        _give_up(connection, resource, error)
        return jobs.DONE
    except StripeError as error:
        if key_trouble(connection, error):
            return jobs.DONE
        _set(connection, resource, error=str(error))
        return wait_for(error)


def newest_created(page: Page) -> int:
    """Return the creation time, in Unix seconds, of a page's first object, 0 where there is none."""
    for text in page.objects[:1]:
        found = decode_object(text).get("created")
        return found if isinstance(found, int) else 0
    return 0


def _read(connection: Connection, resource: Resource, after: str) -> jobs.Outcome:
    stripe = stripe_of(connection)
    end = time.monotonic() + STEP_SECONDS
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(read_page, stripe, resource, after)
        while True:
            fetched = coming.result()
            on_time = time.monotonic() < end
            if fetched.has_more and on_time:
                coming = ahead.submit(read_page, stripe, resource, fetched.last_id)
            if not _write(connection, resource, fetched) or not fetched.has_more:
                return jobs.DONE
            if not on_time:
                return jobs.MORE


def _write(connection: Connection, resource: Resource, fetched: Fetched) -> bool:
    """Store a page and move the cursor past it; False where the cursor is somewhere else by now."""
    with tenant(connection.organization_id):
        cursor = _lists(connection).select_for_update().get(resource=resource.name)
        if cursor.state not in UNREAD or cursor.starting_after != fetched.after:
            return False
        sightings = fetched.sightings()
        if resource is EVENTS:
            sightings = _told_by_the_import(connection, sightings)
        current = Connection.objects.get(organization_id=connection.organization_id, id=connection.id)
        mirror.store(current, resource, sightings, fetched.unusable)
        cursor.state = State.READING
        cursor.started_at = cursor.started_at or fetched.fetched_at
        cursor.starting_after = fetched.last_id
        cursor.objects_done += len(fetched.values) + len(fetched.unusable)
        cursor.pages_done += 1
        cursor.moved_at = now()
        cursor.error = ""
        if not fetched.has_more:
            cursor.state, cursor.completed_at, cursor.starting_after = State.COMPLETE, cursor.moved_at, ""
        cursor.save()
        if not fetched.has_more:
            _conclude(connection)
    return True


def _told_by_the_import(connection: Connection, sightings: list[mirror.Sighting]) -> list[mirror.Sighting]:
    """Take events from before the import as applied: the lists, read later, already show their outcome."""
    since_at = _cursors(connection).get(resource=POLL).since_at
    if since_at is None:
        return sightings

    def before(sighting: mirror.Sighting) -> bool:
        try:
            made_at = created_at(sighting.value)
        except UnusableError:
            return False
        return made_at is not None and made_at < since_at

    return [replace(one, applied_at=one.fetched_at) if before(one) else one for one in sightings]


def _conclude(connection: Connection) -> None:
    """End the reading when the last list is at its end; the first time, everything is to be computed."""
    organization_id = connection.organization_id
    # Two lists may end at once: the row's lock makes one of them the last.
    current = Connection.objects.select_for_update().get(organization_id=organization_id, id=connection.id)
    if _lists(connection).filter(state__in=UNREAD).exists():
        return
    began_at = _lists(connection).aggregate(first=Min("started_at"))["first"]
    current.data_through = max(filter(None, (current.data_through, began_at)), default=None)
    first = current.imported_at is None
    if first:
        current.imported_at, current.state = now(), Connection.State.LIVE
        mirror.mark_everyone(current)
    current.save(update_fields=["data_through", "imported_at", "state"])
    nights.keep(current)
    jobs.enqueue(organization_id, "poll_events", str(current.id))
    if first:
        jobs.enqueue(organization_id, mirror.RECOMPUTE)


def _give_up(connection: Connection, resource: Resource, error: StripeError) -> None:
    """Go on without a list that cannot be read; without a required one nothing can be told."""
    reason = how_to_add(error, str(resource.permission_label))
    with tenant(connection.organization_id):
        _lists(connection).filter(resource=resource.name).update(state=State.UNAVAILABLE, error=reason)
        if resource.required and isinstance(error, PermissionMissingError):
            Connection.objects.filter(organization_id=connection.organization_id, id=connection.id).update(
                state=Connection.State.REFUSED, error=reason
            )
            return
        _conclude(connection)


def _ask(connection: Connection) -> None:
    for resource in RESOURCES:
        if _lists(connection).filter(resource=resource.name, state__in=UNREAD).exists():
            jobs.enqueue(connection.organization_id, "backfill", f"{connection.id}:{resource.name}")


def _rewind(cursor: SyncCursor) -> None:
    cursor.state, cursor.starting_after, cursor.error = State.WAITING, "", ""
    cursor.objects_done = cursor.pages_done = 0
    cursor.started_at = cursor.moved_at = cursor.completed_at = None
    cursor.save()


def _set(connection: Connection, resource: Resource, **facts: Any) -> None:
    with tenant(connection.organization_id):
        _lists(connection).filter(resource=resource.name).update(**facts)


def _readable(connection: Connection) -> bool:
    return connection.state in (Connection.State.IMPORTING, Connection.State.LIVE)


def _cursors(connection: Connection) -> QuerySet[SyncCursor]:
    return SyncCursor.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)


def _lists(connection: Connection) -> QuerySet[SyncCursor]:
    return _cursors(connection).exclude(resource=POLL)
