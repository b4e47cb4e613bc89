"""Write pages of lists: each in one transaction with the cursor that it moves."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db.models import Min, QuerySet, Sum

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import mirror, overlap, ranges, runs
from billing_sync.listing import Asked, span
from billing_sync.mirror import Draft
from billing_sync.models import Connection, ListRange, SetAside, SyncCursor
from billing_sync.ranges import UNREAD, State
from billing_sync.reading import Drafted
from billing_sync.resource import Resource
from billing_sync.resources import BY_NAME, EVENTS
from billing_sync.stripe_errors import PermissionMissingError, StripeError
from billing_sync.trouble import how_to_add
from config.clock import now

POLL = "event_poll"
SUM_SECONDS = 1.0
_summed_at: dict[tuple[UUID, str], float] = {}
READ = (Connection.State.IMPORTING, Connection.State.LIVE)


def write(connection: Connection, lane: int, page: Asked, fetched: Drafted) -> ListRange | None:
    """Store a page and move its range past it; None where the range is somewhere else by now."""
    return write_together(connection, lane, [(page, fetched)])[0]


def write_together(
    connection: Connection, lane: int, arrived: Sequence[tuple[Asked, Drafted]]
) -> list[ListRange | None]:
    """Store pages of one list in one transaction, each as `write` does, those of one range in their order."""
    resource = BY_NAME[arrived[0][0].resource]
    with tenant(connection.organization_id):
        held = _held(connection, lane, arrived)
        rows: list[ListRange | None] = []
        taken: list[Drafted] = []
        for page, fetched in arrived:
            row = held.get(page.number)
            if row is not None and (row.state not in UNREAD or row.starting_after != fetched.after):
                row = None
            if row is not None:
                kept = _within(row, page, fetched.drafts)
                _move(row, fetched, kept)
                taken.append(replace(fetched, drafts=kept))
            rows.append(row)
        if taken:
            _store(connection, resource, taken)
            _tell(connection, resource, {row.number: row for row in rows if row is not None}.values())
    return rows


def read_whole(connection: Connection, resource: Resource, reason: str) -> None:
    """Read a list that cannot be cut by time again from its start, in one piece."""
    with tenant(connection.organization_id):
        ranges.start(connection, resource.name, whole=True)
        cursor_of(connection, resource).update(error=reason, objects_done=0)


def find_place_again(connection: Connection, page: Asked) -> None:
    """Go on in a range whose last object is gone: what is newer has been read."""
    with tenant(connection.organization_id):
        row = _range(connection, page).select_for_update().first()
        if row is None or row.starting_after != page.after:
            return
        row.starting_after = ""
        if row.oldest_at is not None and not row.whole:
            row.until_at = row.oldest_at + timedelta(seconds=1)
        row.save(update_fields=["starting_after", "until_at"])


def give_up(connection: Connection, resource: Resource, error: StripeError) -> None:
    """Go on without a list that cannot be read; without a required one nothing can be told."""
    reason = how_to_add(error, str(resource.permission_label))
    with tenant(connection.organization_id):
        ranges.of(connection).filter(resource=resource.name).update(state=State.UNAVAILABLE)
        cursor_of(connection, resource).update(state=State.UNAVAILABLE, error=reason)
        if resource.required and isinstance(error, PermissionMissingError):
            Connection.objects.filter(
                organization_id=connection.organization_id, id=connection.id, state__in=READ
            ).update(state=Connection.State.REFUSED, error=reason)
            runs.end_all(connection, reason)
            return
        conclude(connection)


def note(connection: Connection, resource: Resource, error: StripeError) -> None:
    """Remember why a list does not move on."""
    with tenant(connection.organization_id):
        cursor_of(connection, resource).update(error=str(error))


def conclude(connection: Connection) -> None:
    """End the reading when the last list is at its end; the first time, everything is to be computed."""
    organization_id = connection.organization_id
    # Two lists may end at once: the row's lock makes one of them the last.
    current = Connection.objects.select_for_update().get(organization_id=organization_id, id=connection.id)
    lists = cursors_of(connection)
    if current.state not in READ or lists.filter(state__in=UNREAD).exists():
        return
    began_at = lists.aggregate(first=Min("started_at"))["first"]
    current.data_through = max(filter(None, (current.data_through, began_at)), default=None)
    first = current.imported_at is None
    if first:
        current.imported_at, current.state = now(), Connection.State.LIVE
        overlap.recognize(organization_id)
        mirror.mark_everyone(current)
    current.save(update_fields=["data_through", "imported_at", "state"])
    runs.end(connection, runs.begin(connection, runs.reading(first=first)))
    jobs.enqueue(organization_id, "poll_events", str(current.id))
    if first:
        jobs.enqueue(organization_id, mirror.RECOMPUTE)


def cursor_of(connection: Connection, resource: Resource) -> QuerySet[SyncCursor]:
    """Return the cursor that sums a list up."""
    return cursors_of(connection).filter(resource=resource.name)


def cursors_of(connection: Connection) -> QuerySet[SyncCursor]:
    """Return the cursors of a connection's lists."""
    return SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id
    ).exclude(resource=POLL)


def _held(
    connection: Connection, lane: int, arrived: Sequence[tuple[Asked, Drafted]]
) -> dict[int, ListRange]:
    """Lock the ranges of these pages that a lane still reads."""
    numbers = [page.number for page, _ in arrived]
    mine = ranges.of(connection).filter(resource=arrived[0][0].resource, number__in=numbers, lane=lane)
    locked = mine.filter(state__in=UNREAD).order_by("number").select_for_update()
    return {row.number: row for row in locked}


def _tell(connection: Connection, resource: Resource, moved: Collection[ListRange]) -> None:
    """Write where ranges are now, and from time to time what that means for their list."""
    mirror.move_ranges(connection, resource, moved)
    if any(row.state == State.COMPLETE for row in moved):
        _close(connection, resource)
    elif any(row.pages_done == 1 for row in moved) or any(map(_is_time, moved)):
        _sum_up(connection, resource)


def _range(connection: Connection, page: Asked) -> QuerySet[ListRange]:
    return ranges.of(connection).filter(resource=page.resource, number=page.number)


def _within(row: ListRange, page: Asked, drafts: Sequence[Draft]) -> Sequence[Draft]:
    """Leave out what has become another range's since the page was asked for."""
    since_at = row.since_at
    if since_at is None or since_at == page.since_at:
        return drafts
    return [one for one in drafts if one.made_at is None or one.made_at >= since_at]


def _store(connection: Connection, resource: Resource, fetched: Sequence[Drafted]) -> None:
    drafts = [one for page in fetched for one in page.drafts]
    if resource is EVENTS:
        drafts = _told_by_the_import(connection, drafts)
    current = Connection.objects.get(organization_id=connection.organization_id, id=connection.id)
    mirror.store_drafts(current, resource, drafts, [one for page in fetched for one in page.unusable])


def _told_by_the_import(connection: Connection, drafts: list[Draft]) -> list[Draft]:
    """Take events from before the import as applied: the lists, read later, already show their outcome."""
    poll = SyncCursor.objects.get(
        organization_id=connection.organization_id, connection_id=connection.id, resource=POLL
    )
    since_at = poll.since_at
    if since_at is None:
        return drafts
    return [
        replace(one, applied_at=one.fetched_at) if one.made_at and one.made_at < since_at else one
        for one in drafts
    ]


def _move(row: ListRange, fetched: Drafted, kept: Sequence[Draft]) -> None:
    newest, oldest = span([one.made_at for one in kept])
    row.state = State.READING
    row.started_at = row.started_at or fetched.fetched_at
    row.starting_after = fetched.last_id
    row.newest_at = max(filter(None, (row.newest_at, newest)), default=None)
    row.oldest_at = min(filter(None, (row.oldest_at, oldest)), default=None)
    row.objects_done += len(kept) + len(fetched.unusable)
    row.pages_done += 1
    row.moved_at = now()
    if not fetched.has_more or len(kept) < len(fetched.drafts):
        row.state, row.completed_at, row.starting_after = State.COMPLETE, row.moved_at, ""


def _is_time(row: ListRange) -> bool:
    """Say whether a list was summed up long enough ago: doing so costs as much as storing ten objects."""
    key, at = (row.connection_id, row.resource), time.monotonic()
    if at < _summed_at.get(key, 0.0) + SUM_SECONDS:
        return False
    _summed_at[key] = at
    return True


def _sum_up(connection: Connection, resource: Resource) -> None:
    """Show on a list's cursor how far its ranges have come."""
    done = (
        ranges.of(connection)
        .filter(resource=resource.name)
        .aggregate(
            objects_done=Sum("objects_done"), pages_done=Sum("pages_done"), started_at=Min("started_at")
        )
    )
    cursor_of(connection, resource).update(state=State.READING, moved_at=now(), error="", **done)


def _close(connection: Connection, resource: Resource) -> None:
    """End a list with its last range."""
    # Two ranges may end at once: the cursor's lock makes one of them the last.
    cursor_of(connection, resource).select_for_update().get()
    _sum_up(connection, resource)
    if ranges.of(connection).filter(resource=resource.name, state__in=UNREAD).exists():
        return
    cursor = cursor_of(connection, resource)
    cursor.update(state=State.COMPLETE, completed_at=now())
    # What could still not be used has been seen anew; of old events the list tells nothing any more.
    if resource is not EVENTS:
        SetAside.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            resource=resource.name,
            seen_at__lt=cursor.values("started_at"),
        ).delete()
    conclude(connection)
