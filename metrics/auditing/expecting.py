"""What one build's tables should hold: sums over ranges of customers, each computed in SQL."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from metrics.auditing import counting, proving, statements
from metrics.auditing.boundaries import Calendar
from metrics.auditing.drift import MOST_SHOWN, Drift, between
from metrics.auditing.proving import Rows, prove
from metrics.auditing.snapshot import Snapshot, at_once, fetch

# Segments of a range: about 60,000 customers of three or four each.
ROWS_AT_ONCE = 200_000
KINDS = {
    "new": "new",
    "expansion": "expanded",
    "reactivation": "reactivated",
    "contraction": "contracted",
    "churn": "churned",
}
UP = ("new", "expansion", "reactivation")
TABLES = {
    "movement": ("metrics_movement", ("kind", "amount_micro", "after_micro", "until")),
    "balance": (
        "metrics_customerbalance",
        ("mrr_micro", "committed_micro", "contracted_micro", "since"),
    ),
}

Row = dict[str, int]
Period = tuple[str, date]
# Figures by part of an answer, currency, day or month, and what else the part is summed by.
Sums = dict[tuple[Any, ...], list[int]]


def sums() -> dict[Any, Row]:
    return defaultdict(lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Audited:
    """The build that readers see, and how its definition cuts time."""

    organization_id: UUID
    definition_version: int
    build: int
    computed_at: datetime
    connection_ids: tuple[UUID, ...]
    window: str
    time_zone: str

    def bound(self) -> dict[str, Any]:
        """Return what every statement names."""
        return {
            "organization": self.organization_id,
            "version": self.definition_version,
            "build": self.build,
            "computed_at": self.computed_at,
        }


@dataclass(slots=True)
class Expected:
    """The tables of sums as they should be, and what differs customer by customer."""

    daily: dict[Period, Row] = field(default_factory=sums)
    monthly: dict[Period, Row] = field(default_factory=sums)
    plans: dict[tuple[str, date, str], Row] = field(default_factory=sums)
    products: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    departures: dict[tuple[str, date, str], Row] = field(default_factory=sums)
    drift: Drift = field(default_factory=Drift)
    customers: int = 0
    rows: int = 0


class BeforeFirstError(Exception):
    """Raised where something began before the first day of the calendar."""


def ranges(audited: Audited) -> Iterator[dict[str, Any]]:
    """Yield the connections' customers in ranges of about so many segments."""
    for connection_id in audited.connection_ids:
        after: str | None = ""
        while after is not None:
            part = {**audited.bound(), "connection": connection_id, "after": after, "rows": ROWS_AT_ONCE}
            rows, customers, last = fetch(statements.BOUND, part)[0]
            after = last if rows == ROWS_AT_ONCE else None
            yield {**part, "last": after, "customers": customers}


def expected(audited: Audited, shared: Snapshot, calendar: Calendar) -> Expected:
    """Return what the tables should hold, having compared each row only where its range's sums tell to."""
    whole = Expected()
    given = {
        "days": list(calendar.days),
        "months": list(calendar.months),
        "first": calendar.first,
        "most": MOST_SHOWN,
    }
    parts = ({**one, **given} for one in ranges(audited))
    added: Sums = {}
    differing = []
    for part, (segments, rows, *others) in at_once(shared, asks(audited.window), parts):
        proof = prove(segments, rows)
        if not proof.first:
            raise BeforeFirstError
        whole.customers += part["customers"]
        whole.rows += proof.rows
        if not proof.agrees:
            differing.append(part)
        add(added, chain(proof.sums, proof.flows if proof.agrees else (), *others))
    for part, (rows,) in at_once(shared, [partial(fetch, statements.CUSTOMERS)], iter(differing)):
        add(added, _tell(whole.drift, part["connection"], rows, calendar))
    for key, figures in added.items():
        _take(whole, key, figures, calendar, audited.window)
    return whole


def add(added: Sums, rows: Iterable[Sequence[Any]]) -> None:
    """Add each row's figures, its last column, to those of the others with its part and key."""
    for row in rows:
        *key, figures = row
        known = added.get(tuple(key))
        added[tuple(key)] = [
            int(figure) + so_far for figure, so_far in zip(figures, known or repeat(0), strict=False)
        ]


def asks(window: str) -> list[Callable[[Mapping[str, Any]], Rows]]:
    """Return the questions about a range of customers, the longest first."""
    by_month = [] if window == "day" else [statements.flows_of_months(window)]
    return [partial(fetch, one) for one in (proving.SEGMENTS, proving.ROWS, *by_month, counting.DEPARTED)]


def _tell(drift: Drift, connection_id: UUID, rows: Rows, calendar: Calendar) -> Iterator[Sequence[Any]]:
    """Tell which rows of a range differ, having compared each, and yield its sums."""
    differing: dict[str, int] = {}
    for part, text in rows:
        values = json.loads(text)
        if part == "flow":
            yield part, *values
            continue
        # Each row that differs ends with how many of its range do.
        differing[part] = values.pop()
        _differing(drift, part, connection_id, values, calendar)
    drift.rows += sum(differing.values())


def _take(whole: Expected, key: tuple[Any, ...], figures: list[int], calendar: Calendar, window: str) -> None:
    """Write the figures of a part's key into the rows of the tables that they belong to."""
    part, currency, number, *names = key
    if part == "flow":
        _flow(whole, (currency, calendar.day(number)), names[0], figures, window)
    elif part == "apart":
        _commit(whole, currency, calendar.day(number), *figures)
    elif part == "left":
        row = whole.departures[currency, number, names[0]]
        row["customers"], row["lost_micro"] = figures
    elif part == "by_month":
        _count(whole.monthly[currency, calendar.month(number)], names[0], *figures)
    else:
        price_id, product_id = names
        row = whole.plans[currency, calendar.month(number), price_id]
        row["net_micro"] += figures[0]
        row["items"] += figures[1]
        whole.products[price_id].add(product_id)


def _flow(whole: Expected, period: Period, kind: str, figures: list[int], window: str) -> None:
    (currency, day), (amount, many, squares) = period, figures
    whole.daily[period][f"{kind}_squares"] += squares
    _count(whole.daily[period], kind, amount, many)
    if window == "day":
        _count(whole.monthly[currency, day.replace(day=1)], kind, amount, many)
    _commit(whole, currency, day, amount if kind in UP else -amount, 0)


def _count(row: Row, kind: str, amount: int, many: int) -> None:
    row[f"{kind}_micro"] += amount
    row[f"customers_{KINDS[kind]}"] += many


def _commit(whole: Expected, currency: str, day: date, committed: int, contracted: int) -> None:
    for row in (whole.daily[currency, day], whole.monthly[currency, day.replace(day=1)]):
        row["committed_net_micro"] += committed
        row["contracted_net_micro"] += contracted


def _differing(drift: Drift, part: str, connection_id: UUID, values: list[Any], calendar: Calendar) -> None:
    """Tell of one customer's row that differs."""
    customer, currency, bucket, is_stored, *rest = values
    was, is_expected, due = rest[:4], rest[4], rest[5:9]
    table, columns = TABLES[part]
    key = f"{connection_id} {customer} {currency}"
    if bucket is not None:
        key = f"{calendar.day(bucket)} {key}"
    stored, wanted = (
        _row(columns, side, calendar) if held else None
        for side, held in ((was, is_stored), (due, is_expected))
    )
    drift.show(between(table, key, stored, wanted))


def _row(columns: tuple[str, ...], values: list[Any], calendar: Calendar) -> dict[str, Any]:
    *amounts, bucket = values
    day = None if bucket is None else calendar.day(bucket)
    return dict(zip(columns, [*amounts, day], strict=True))
