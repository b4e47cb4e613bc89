"""Read each list of an account from its newest object to its oldest, many pages at a time.

A list is read in ranges by `created`, each with its own cursor, which moves in the transaction that writes
its page: a sync killed at any point goes on where it was.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import pages, ranges, runs
from billing_sync.access import stripe_of
from billing_sync.columns import UnusableError, created_at
from billing_sync.lane import Lane, unlike
from billing_sync.models import Connection, SyncCursor
from billing_sync.pages import cursors_of
from billing_sync.ranges import STRIPE_BEGAN, State
from billing_sync.resources import EVENTS, RESOURCES
from billing_sync.stripe_client import Page, Stripe, metered
from billing_sync.stripe_errors import StripeError
from billing_sync.trouble import key_trouble, wait_for
from config.clock import now

KIND = "backfill"
POLL, UNREAD = pages.POLL, ranges.UNREAD
# Beside each other, so that two cores are used and one job's death does not stop an import.
LANES = 2
STEP_SECONDS = 4.0
PAUSE = timedelta(seconds=1)
OVERLAP = timedelta(seconds=60)
EVENTS_REACH = timedelta(days=31)


class _Dated(msgspec.Struct):
    created: int


def open_cursors(connection: Connection, unavailable: Mapping[str, str], newest_event: int) -> None:
    """Open the event cursor, then a cursor for each list, and ask for what is still to be read."""
    ours: dict[str, Any] = {"organization_id": connection.organization_id, "connection_id": connection.id}
    since_at = datetime.fromtimestamp(newest_event, UTC) - OVERLAP if newest_event else None
    SyncCursor.objects.get_or_create(**ours, resource=POLL, defaults={"since_at": since_at})
    for resource in RESOURCES:
        cursor, made = SyncCursor.objects.get_or_create(**ours, resource=resource.name)
        if resource.name in unavailable:
            cursor.state, cursor.error = State.UNAVAILABLE, unavailable[resource.name]
            cursor.save(update_fields=["state", "error"])
        elif made or cursor.state == State.UNAVAILABLE:
            _rewind(connection, cursor)
    ask(connection)


def read_again(connection: Connection) -> None:
    """Go on with the lists that are not read to their end; if all are, read all of them again."""
    lists = cursors_of(connection)
    if not lists.filter(state__in=UNREAD).exists():
        for cursor in lists.exclude(state=State.UNAVAILABLE):
            _rewind(connection, cursor)
    ask(connection)


def ask(connection: Connection) -> None:
    """Ask for the jobs that read on, if there is anything to read."""
    wanted = set(cursors_of(connection).filter(state__in=UNREAD).values_list("resource", flat=True))
    for resource in sorted(wanted - {one.resource for one in ranges.unread(connection)}):
        ranges.start(connection, resource)
    if wanted:
        for lane in range(LANES):
            jobs.enqueue(connection.organization_id, KIND, key_of(connection, lane))


def key_of(connection: Connection, lane: int) -> str:
    """Return the key of the job that is one lane of an import."""
    return f"{connection.id}:{lane}"


def step(organization_id: UUID, key: str) -> jobs.Outcome:
    """Read and write pages of an account's lists for a few seconds; `key` is "connection:lane"."""
    connection_id, _colon, number = key.partition(":")
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        if connection is None or not _readable(connection):
            return jobs.DONE
        if not number.isdecimal():
            # A release before this one had a job for each list.
            ask(connection)
            return jobs.DONE
        if not ranges.unread(connection):
            return jobs.DONE
        run_id = runs.begin(connection, runs.reading(first=connection.imported_at is None))
    try:
        stripe = stripe_of(connection)
    except StripeError as error:
        return jobs.DONE if key_trouble(connection, error) else wait_for(error)
    lane = Lane(connection, stripe, int(number))
    with metered() as meter:
        _date(connection, stripe)
        lane.read(STEP_SECONDS)
    with tenant(organization_id):
        runs.progress(connection, run_id, meter, lane.objects)
        for trouble in lane.failed.values():
            runs.trouble(connection, run_id, trouble)
    return _outcome(connection, lane)


def newest_created(page: Page) -> int:
    """Return the creation time, in Unix seconds, of a page's first object, 0 where none is told."""
    try:
        return next((msgspec.json.decode(text, type=_Dated).created for text in page.objects), 0)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0


def _outcome(connection: Connection, lane: Lane) -> jobs.Outcome:
    """Say when to go on: at once, unless Stripe wants a rest or others have all that is left."""
    if lane.key_error is not None and key_trouble(connection, lane.key_error):
        return jobs.DONE
    with tenant(connection.organization_id):
        unread = ranges.unread(connection)
    if not unread:
        return jobs.DONE
    if lane.limited is not None:
        return wait_for(lane.limited)
    if lane.failed and not unlike(lane.failed, unread):
        return wait_for(next(iter(lane.failed.values())))
    return jobs.MORE if lane.objects or lane.failed else jobs.Later(now() + PAUSE)


def _date(connection: Connection, stripe: Stripe) -> None:
    """Learn when the account began, to know where its lists are worth cutting; a guess loses nothing."""
    with tenant(connection.organization_id):
        undated = cursors_of(connection).filter(since_at=None, state__in=UNREAD)
        if not undated.exists():
            return
    try:
        began_at = created_at(stripe.retrieve("/v1/account"))
    except (StripeError, UnusableError):
        began_at = None
    with tenant(connection.organization_id):
        undated.filter(resource=EVENTS.name).update(since_at=now() - EVENTS_REACH)
        undated.update(since_at=began_at or STRIPE_BEGAN)


def _rewind(connection: Connection, cursor: SyncCursor) -> None:
    cursor.state, cursor.starting_after, cursor.error = State.WAITING, "", ""
    cursor.objects_done = cursor.pages_done = 0
    cursor.started_at = cursor.moved_at = cursor.completed_at = None
    cursor.save()
    ranges.start(connection, cursor.resource)


def _readable(connection: Connection) -> bool:
    return connection.state in (Connection.State.IMPORTING, Connection.State.LIVE)
