"""What is decided, read: sums by kind and day, and pages of the changes behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from metrics.evidence.pages import PAGE, fetched
from metrics.outlook.decided import MOVES, RISKS
from metrics.queries import Shown

# In the order of the index, so that nothing is sorted and no row is looked up.
SUMS = """
SELECT kind, due_on, count(*), sum(amount_micro),
    count(*) FILTER (WHERE committed_micro <> 0), sum(committed_micro)
FROM metrics_decidedchange WHERE organization_id = %(organization)s AND currency = %(currency)s
GROUP BY due_on, kind ORDER BY due_on, kind
"""
LINES = """
SELECT page.connection_id, page.customer_id, page.subscription_id, page.kind, page.due_on, page.amount,
    coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
FROM (
    SELECT connection_id, customer_id, subscription_id, kind, due_on, {amount} AS amount
    FROM metrics_decidedchange
    WHERE organization_id = %(organization)s AND currency = %(currency)s AND kind = ANY(%(kinds)s)
      AND due_on >= %(start)s AND due_on <= %(last)s {only} {beyond}
    ORDER BY {order} LIMIT %(limit)s
) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY {order}
"""
ORDER = "due_on, kind, connection_id, customer_id, subscription_id"
BEYOND = f"AND ({ORDER}) > (%(due_on)s, %(kind)s, %(connection)s, %(customer)s, %(subscription)s)"
LISTS = {"moves": MOVES, "risks": RISKS, "committed": MOVES}
Place = tuple[date, str, UUID, str, str]


@dataclass(frozen=True, slots=True)
class Sum:
    """What the changes of one kind and day come to, and what they move in committed MRR."""

    kind: str
    on: date
    count: int
    amount_micro: int
    committed_count: int
    committed_micro: int


@dataclass(frozen=True, slots=True)
class Total:
    """How many changes there are, and what they come to."""

    count: int = 0
    amount_micro: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a list, both included."""

    start: date
    last: date

    def holds(self, one: Sum) -> bool:
        """Say whether a sum is of one of the days."""
        return self.start <= one.on <= self.last


EVER = Span(date.min, date.max)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes a list shows: moves, risks or what committed MRR holds, of a kind, in some days."""

    currency: str
    listed: str
    kind: str = ""
    span: Span = EVER

    @property
    def kinds(self) -> list[str]:
        """Return the kinds in the list."""
        return [self.kind] if self.kind else list(LISTS[self.listed])


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a subscription on a day."""

    connection_id: UUID
    customer_id: str
    subscription_id: str
    kind: str
    on: date
    amount_micro: int
    name: str

    @property
    def place(self) -> Place:
        """Return the row's place in the list."""
        return self.on, self.kind, self.connection_id, self.customer_id, self.subscription_id


@dataclass(frozen=True, slots=True)
class Calendar:
    """All sums of one currency."""

    sums: Sequence[Sum]

    def total(self, wanted: Wanted) -> Total:
        """Return what a list comes to."""
        held = [one for one in self.sums if wanted.span.holds(one) and one.kind in wanted.kinds]
        return _committed(held) if wanted.listed == "committed" else _moved(held)

    def days(self, span: Span, kinds: Iterable[str]) -> dict[date, Total]:
        """Return what each day with anything comes to, the soonest first."""
        chosen, found = set(kinds), dict[date, list[Sum]]()
        for one in self.sums:
            if span.holds(one) and one.kind in chosen:
                found.setdefault(one.on, []).append(one)
        return {on: _moved(found[on]) for on in sorted(found)}


def _moved(held: Sequence[Sum]) -> Total:
    return Total(sum(one.count for one in held), sum(one.amount_micro for one in held))


def _committed(held: Sequence[Sum]) -> Total:
    return Total(sum(one.committed_count for one in held), sum(one.committed_micro for one in held))


def calendar(shown: Shown, currency: str) -> Calendar:
    """Return what is decided in a currency by one statement."""
    found = fetched(SUMS, {"organization": shown.organization_id, "currency": currency})
    return Calendar(
        [
            Sum(kind, on, count, int(amount), committed_count, int(committed))
            for kind, on, count, amount, committed_count, committed in found
        ]
    )


def span_of(today: date, days: int) -> Span:
    """Return so many days from today on, with what should have come before and has not been reported."""
    return Span(date.min, today + timedelta(days=days - 1))


def changes(shown: Shown, wanted: Wanted, after: Place | None = None) -> list[Change]:
    """Return a page of changes and one more, the soonest first."""
    committed = wanted.listed == "committed"
    bound: dict[str, Any] = {
        "organization": shown.organization_id,
        "currency": wanted.currency,
        "kinds": wanted.kinds,
        "start": wanted.span.start,
        "last": wanted.span.last,
        "limit": PAGE + 1,
    }
    if after is not None:
        names = ("due_on", "kind", "connection", "customer", "subscription")
        bound |= dict(zip(names, after, strict=True))
    statement = LINES.format(
        amount="committed_micro" if committed else "amount_micro",
        only="AND committed_micro <> 0" if committed else "",
        beyond=BEYOND if after else "",
        order=ORDER,
    )
    return [Change(*row) for row in fetched(statement, bound)]
