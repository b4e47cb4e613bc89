"""The ranges in which a list is read: taken by lanes, moved page by page, cut where one turns out long.

A lane is one of the jobs that read an account beside each other; each works on ranges of its own. A range
that still has many pages to go is cut: whoever has nothing to do takes the older parts of it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet

from billing_sync.models import Connection, ListRange, SyncCursor

State = SyncCursor.State
UNREAD = (State.WAITING, State.READING)
# No account of Stripe's is older.
STRIPE_BEGAN = datetime(2011, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FEWEST_PAGES = 8
Place = tuple[str, int]


def of(connection: Connection) -> QuerySet[ListRange]:
    """Return the ranges of a connection's import."""
    return ListRange.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        purpose=ListRange.Purpose.IMPORT,
    )


def start(connection: Connection, resource: str, *, whole: bool = False) -> None:
    """Read a list from its start, as one range that may be cut unless it is to stay whole.

    A number is not used twice: a page on its way for an old range must not pass for one of the new.
    """
    present = of(connection).filter(resource=resource)
    last = present.aggregate(last=Max("number"))["last"]
    present.delete()
    _make(connection, resource, 0 if last is None else last + 1, [{"whole": whole}])


def unread(connection: Connection) -> list[ListRange]:
    """Return what is still to be read."""
    return list(of(connection).filter(state__in=UNREAD).order_by("resource", "number"))


def take(connection: Connection, lane: int, count: int, busy: Collection[Place]) -> list[ListRange]:
    """Give a lane up to `count` ranges to read beside those it is `busy` with; cut long ones if need be."""
    taken: list[ListRange] = []
    free = [one for one in unread(connection) if place(one) not in busy]
    for one in _spread(free, lane, busy):
        if len(taken) < count and _claim(connection, one, lane):
            taken.append(one)
    if len(taken) < count:
        taken += _cut_longest(connection, lane, count - len(taken))
    return taken


def release(connection: Connection, lane: int) -> None:
    """Let other lanes have what a lane has not read to its end."""
    of(connection).filter(lane=lane, state__in=UNREAD).update(lane=None)


def place(one: ListRange) -> Place:
    """Name a range within its connection."""
    return one.resource, one.number


def pages_to_go(one: ListRange, began_at: datetime) -> float:
    """Estimate how many pages are left, if objects lie as densely as so far; 0 where that cannot be told."""
    if one.newest_at is None or one.oldest_at is None or one.whole or not one.pages_done:
        return 0.0
    read = max(one.newest_at - one.oldest_at, SECOND)
    return (one.oldest_at - (one.since_at or began_at)) / read * one.pages_done


def bounds(one: ListRange, began_at: datetime, parts: int) -> list[datetime]:
    """Return where to cut the unread time of a range, latest first: each part is twice as long as the last.

    Cuts lie on whole seconds, as Stripe's times do: an object belongs to exactly one part.
    """
    if one.oldest_at is None or one.newest_at is None or parts < 2:
        return []
    since = one.since_at or began_at
    shortest = max(one.newest_at - one.oldest_at, SECOND) / one.pages_done * (FEWEST_PAGES / 2)
    evenly = (one.oldest_at - since) / (2**parts - 1)
    width, at, found = max(shortest, evenly), one.oldest_at, list[datetime]()
    while len(found) < parts - 1:
        at = (at - width).replace(microsecond=0)
        if at <= since or at >= one.oldest_at:
            break
        found.append(at)
        width *= 2
    return found


def _spread(free: Iterable[ListRange], lane: int, busy: Collection[Place]) -> list[ListRange]:
    """Order ranges so that a lane's own come first and requests fall on as many lists as possible."""
    load: dict[str, int] = {}
    for resource, _ in busy:
        load[resource] = load.get(resource, 0) + 1
    ranked = []
    for one in free:
        if one.lane not in (None, lane):
            continue
        ranked.append((one.lane is None, load.get(one.resource, 0), one))
        load[one.resource] = load.get(one.resource, 0) + 1
    return [one for *_, one in sorted(ranked, key=lambda ranking: ranking[:2])]


def _claim(connection: Connection, one: ListRange, lane: int) -> bool:
    if one.lane == lane:
        return True
    mine = of(connection).filter(resource=one.resource, number=one.number, lane=None, state__in=UNREAD)
    one.lane = lane
    return mine.update(lane=lane) == 1


def _cut_longest(connection: Connection, lane: int, parts: int) -> list[ListRange]:
    began = _began(connection)
    longest = max(
        unread(connection),
        key=lambda one: pages_to_go(one, began.get(one.resource, STRIPE_BEGAN)),
        default=None,
    )
    if longest is None:
        return []
    began_at = began.get(longest.resource, STRIPE_BEGAN)
    if pages_to_go(longest, began_at) < FEWEST_PAGES:
        return []
    # The list's cursor is locked after the range, as a page's writer does; it guards the numbers.
    held = of(connection).filter(resource=longest.resource, number=longest.number, state__in=UNREAD)
    current = held.select_for_update().first()
    if current is None:
        return []
    cuts = bounds(current, began_at, parts + 1)
    if not cuts:
        return []
    return _cut(connection, current, cuts, lane)


def _cut(connection: Connection, current: ListRange, cuts: list[datetime], lane: int) -> list[ListRange]:
    """Leave a range what is newer than the first cut, and make a range of each part below it."""
    ours: dict[str, Any] = {
        "organization_id": connection.organization_id,
        "connection_id": connection.id,
        "resource": current.resource,
    }
    SyncCursor.objects.select_for_update().get(**ours)
    last = of(connection).filter(resource=current.resource).aggregate(last=Max("number"))["last"]
    edges = [*cuts, current.since_at]
    parts = [
        {"until_at": until, "since_at": since, "lane": lane}
        for until, since in zip(cuts, edges[1:], strict=True)
    ]
    current.since_at = cuts[0]
    current.save(update_fields=["since_at"])
    return _make(connection, current.resource, last + 1, parts)


def _make(
    connection: Connection, resource: str, first: int, parts: Iterable[Mapping[str, Any]]
) -> list[ListRange]:
    return ListRange.objects.bulk_create(
        ListRange(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            purpose=ListRange.Purpose.IMPORT,
            resource=resource,
            number=number,
            **facts,
        )
        for number, facts in enumerate(parts, first)
    )


def _began(connection: Connection) -> dict[str, datetime]:
    """Return, by list, the time before which nothing is expected."""
    found = SyncCursor.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)
    return {name: at for name, at in found.values_list("resource", "since_at") if at is not None}
