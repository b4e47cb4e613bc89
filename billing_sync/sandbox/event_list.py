"""The list of events when faults befall it: events late, missing, twice, and of one second in any order."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, islice
from typing import Any

from .endpoints import Endpoint
from .errors import missing
from .listing import FOREVER, Query, page
from .spoiling import mark
from .view import EVENTS_REACH, View

Row = tuple[str, Any]


def events(view: View, endpoint: Endpoint, query: Query) -> tuple[list[Row], bool]:
    """Return one page of events, newest first, and whether more follow."""
    faults = view.faults
    earliest = view.company.now - EVENTS_REACH
    if not (faults.event_late or faults.event_missing or faults.event_twice or faults.event_shuffle):
        return page(view.company.book, endpoint, _unskewed(query, faults.skew), earliest)
    since, until = _unskewed(query, faults.skew).bounds.get("created", (0, FOREVER))
    backwards = query.ending_before is not None
    rows = _seconds(view, max(since, earliest), until, _cursor(view, query), backwards)
    shown = (row for row in rows for _ in range(view.times(row[1])) if _wanted(view, endpoint, query, row))
    found = list(islice(shown, query.limit + 1))
    kept, more = found[: query.limit], len(found) > query.limit
    return (kept[::-1] if backwards else kept), more


def _unskewed(query: Query, skew: int) -> Query:
    if not skew or "created" not in query.bounds:
        return query
    since, until = query.bounds["created"]
    return replace(query, bounds={**query.bounds, "created": (since - skew, until - skew)})


def _wanted(view: View, endpoint: Endpoint, query: Query, row: Row) -> bool:
    tests = [(endpoint.filters[name], values) for name, values in query.filters.items()]
    return view.listed(row[1]) and all(any(keep(row[1], one) for one in values) for keep, values in tests)


def _cursor(view: View, query: Query) -> Any | None:
    name = "ending_before" if query.ending_before else "starting_after"
    identity = getattr(query, name)
    if identity is None:
        return None
    found = view.company.book.get("event", identity)
    if found is None:
        raise missing("event", identity, name, status=400)
    return found


def _seconds(view: View, since: int, until: int, cursor: Any | None, backwards: bool) -> Iterator[Row]:
    """Yield the rows beyond a cursor, second by second; within a second the order is the faults'."""
    book = view.company.book
    rows: Iterable[Row]
    if backwards and cursor is not None:
        rows = book.oldest_first("event", since, until, (cursor.created - 1, "\U0010ffff"))
    else:
        rows = book.newest_first("event", since, until if cursor is None else min(until, cursor.created))
    for second, together in groupby(rows, key=lambda row: row[1].created):
        ordered = sorted(together, key=lambda row: _rank(view, row), reverse=not backwards)
        if cursor is not None and second == cursor.created:
            ordered = _beyond(ordered, cursor.id)
        yield from ordered


def _rank(view: View, row: Row) -> tuple[int, str]:
    return (mark(view.faults, "order", row[0], 1 << 30) if view.faults.event_shuffle else 0), row[0]


def _beyond(rows: list[Row], identity: str) -> list[Row]:
    names = [name for name, _ in rows]
    return rows[names.index(identity) + 1 :] if identity in names else rows
