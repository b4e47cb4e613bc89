"""What one build's tables should hold: sums over ranges of customers, each computed in SQL."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from metrics.auditing import proving, statements
from metrics.auditing.boundaries import Calendar
from metrics.auditing.drift import MOST_SHOWN, Drift, between
from metrics.auditing.proving import Proof, Rows, prove
from metrics.auditing.snapshot import Snapshot, at_once, fetch

# Segments of a range: about 40,000 customers of three or four each.
ROWS_AT_ONCE = 150_000
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
    differing = []
    for part, (segments, rows, *by_month) in at_once(shared, asks(audited.window), parts):
        proof = prove(segments, rows)
        if not proof.first:
            raise BeforeFirstError
        whole.customers += part["customers"]
        whole.rows += proof.rows
        if not proof.agrees:
            differing.append(part)
        _take(whole, proof, [row for rows in by_month for row in rows], calendar, audited.window)
    for part, (rows,) in at_once(shared, [partial(fetch, statements.CUSTOMERS)], iter(differing)):
        _tell(whole, part["connection"], rows, calendar, audited.window)
    return whole


def asks(window: str) -> list[Callable[[Mapping[str, Any]], Rows]]:
    """Return the questions about a range of customers, the longest first."""
    by_month = [] if window == "day" else [statements.flows_of_months(window)]
    return [partial(fetch, one) for one in (proving.SEGMENTS, proving.ROWS, *by_month)]


def _take(whole: Expected, proof: Proof, by_month: Rows, calendar: Calendar, window: str) -> None:
    """Add the sums of a range; its flows where they are what its segments make."""
    for currency, key, kind, figures in proof.flows if proof.agrees else ():
        _flow(whole, (currency, key, kind, *figures), calendar, window)
    for currency, number, kind, amount, many in by_month:
        row = whole.monthly[currency, calendar.month(number)]
        row[f"{kind}_micro"] += int(amount)
        row[f"customers_{KINDS[kind]}"] += many
    for currency, bucket, _, _, (beyond, contracted) in proof.apart:
        _commit(whole, currency, calendar.day(bucket), int(beyond), int(contracted))
    for currency, number, price_id, product_id, (mrr, items) in proof.prices:
        row = whole.plans[currency, calendar.month(number), price_id]
        row["net_micro"] += int(mrr)
        row["items"] += int(items)
        whole.products[price_id].add(product_id)


def _tell(whole: Expected, connection_id: UUID, rows: Rows, calendar: Calendar, window: str) -> None:
    """Add the flows of a range that was compared row by row, and tell which of its rows differ."""
    differing: dict[str, int] = {}
    for part, text in rows:
        values = json.loads(text)
        if part == "flow":
            _flow(whole, tuple(values), calendar, window)
            continue
        # Each row that differs ends with how many of its range do.
        differing[part] = values.pop()
        _differing(whole.drift, part, connection_id, values, calendar)
    whole.drift.rows += sum(differing.values())


def _flow(whole: Expected, values: tuple[Any, ...], calendar: Calendar, window: str) -> None:
    currency, bucket, kind, amount, many, squares = values
    day = calendar.day(bucket)
    whole.daily[currency, day][f"{kind}_squares"] += int(squares)
    periods = [whole.daily[currency, day]]
    if window == "day":
        periods.append(whole.monthly[currency, day.replace(day=1)])
    for row in periods:
        row[f"{kind}_micro"] += int(amount)
        row[f"customers_{KINDS[kind]}"] += int(many)
    _commit(whole, currency, day, int(amount) if kind in UP else -int(amount), 0)


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
