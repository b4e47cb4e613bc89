"""Lists: parameters read strictly, records filtered, one page at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from .book import Book
from .endpoints import Endpoint
from .errors import ApiError, invalid_integer, missing, unknown_parameter

FOREVER = 2**53
COMPARISONS = ("gt", "gte", "lt", "lte")
PAYERS = {
    "subscription": "subscription",
    "invoice": "invoice",
    "charge": "charge",
    "payment_intent": "payment_intent",
    "payment[payment_intent]": "payment_intent",
}
Values = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Query:
    """Hold one list request's parameters."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    expand: list[str] = field(default_factory=list)
    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    filters: dict[str, list[str]] = field(default_factory=dict)


def read(values: Values, filters: Sequence[str], ranges: Sequence[str]) -> Query:
    """Read a list's parameters, refusing what the endpoint does not know."""
    query = Query()
    for raw, given in values.items():
        name, inner = _split(raw)
        if name == "limit":
            query.limit = _limit(given[-1])
        elif name in ("starting_after", "ending_before"):
            setattr(query, name, given[-1])
        elif name == "expand":
            query.expand += given
        elif name in ranges:
            query.bounds[name] = _narrowed(query.bounds.get(name), name, inner, given[-1])
        elif raw in filters or name in filters:
            query.filters.setdefault(raw if raw in filters else name, []).extend(given)
        else:
            raise unknown_parameter(raw)
    if query.starting_after and query.ending_before:
        raise ApiError(400, "You cannot provide both starting_after and ending_before.")
    return query


def _split(raw: str) -> tuple[str, str]:
    name, _, inner = raw.partition("[")
    return name, inner.rstrip("]")


def _integer(name: str, value: str) -> int:
    if not value.removeprefix("-").isdecimal():
        raise invalid_integer(name, value)
    return int(value)


def _limit(value: str) -> int:
    limit = _integer("limit", value)
    if not 1 <= limit <= 100:
        bound = "greater than or equal to 1" if limit < 1 else "less than or equal to 100"
        raise ApiError(
            400,
            f"Invalid limit: must be {bound}.",
            code="parameter_invalid_integer",
            param="limit",
        )
    return limit


def _narrowed(bounds: tuple[int, int] | None, name: str, inner: str, value: str) -> tuple[int, int]:
    since, until = bounds or (0, FOREVER)
    at = _integer(f"{name}[{inner}]" if inner else name, value)
    if not inner:
        return at, at
    if inner not in COMPARISONS:
        raise unknown_parameter(f"{name}[{inner}]")
    if inner.startswith("g"):
        return max(since, at + (inner == "gt")), until
    return since, min(until, at - (inner == "lt"))


def page(book: Book, endpoint: Endpoint, query: Query, since: int = 0) -> tuple[list[tuple[str, Any]], bool]:
    """Return one page of (id, record), newest first, and whether more follow."""
    lowest, highest = query.bounds.get("created", (0, FOREVER))
    lowest = max(lowest, since)
    customer = _payer(book, query)
    if query.ending_before:
        place = _place(book, endpoint, query.ending_before, "ending_before")
        rows = book.oldest_first(endpoint.kind, lowest, highest, place, customer)
    else:
        below = None
        if query.starting_after:
            below = _place(book, endpoint, query.starting_after, "starting_after")
        rows = book.newest_first(endpoint.kind, lowest, highest, below, customer)
    found = list(islice(filter(_wanted(endpoint, query), rows), query.limit + 1))
    kept, more = found[: query.limit], len(found) > query.limit
    return (kept[::-1] if query.ending_before else kept), more


def _payer(book: Book, query: Query) -> str | None:
    """Return the only customer whose objects can pass the filters, as far as these tell."""
    if "customer" in query.filters:
        return query.filters["customer"][-1]
    for name, kind in PAYERS.items():
        owner = book.get(kind, query.filters[name][-1]) if name in query.filters else None
        if owner is not None:
            return str(owner.customer)
    return None


def _place(book: Book, endpoint: Endpoint, cursor: str, name: str) -> tuple[int, str]:
    place = book.place(endpoint.kind, cursor)
    if place is None:
        raise missing(endpoint.kind, cursor, name, status=400)
    return place


def _wanted(endpoint: Endpoint, query: Query) -> Callable[[tuple[str, Any]], bool]:
    tests = [(endpoint.filters[name], values) for name, values in query.filters.items()]
    others = {name: bounds for name, bounds in query.bounds.items() if name != "created"}
    usually = "status" not in query.filters

    def wanted(row: tuple[str, Any]) -> bool:
        record = row[1]
        if usually and not endpoint.usually(record):
            return False
        if not all(any(keep(record, value) for value in values) for keep, values in tests):
            return False
        return all(low <= (getattr(record, name) or -1) <= high for name, (low, high) in others.items())

    return wanted


def slice_of(records: Sequence[Any], query: Query) -> tuple[Sequence[Any], bool]:
    """Return one page of a list inside an object, in its own order."""
    ids = [record.id for record in records]
    start, stop = 0, len(records)
    if query.starting_after is not None:
        start = _index(ids, query.starting_after, "starting_after") + 1
    if query.ending_before is not None:
        stop = _index(ids, query.ending_before, "ending_before")
        start = max(0, stop - query.limit)
        return records[start:stop], start > 0
    return records[start : start + query.limit], start + query.limit < stop


def _index(ids: Sequence[str], cursor: str, name: str) -> int:
    if cursor not in ids:
        raise missing("object", cursor, name, status=400)
    return ids.index(cursor)
