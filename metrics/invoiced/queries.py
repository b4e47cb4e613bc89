"""The excluded ledger of a month: its sums by rule, and the lines behind each of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from operator import add
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from metrics.core.definition import Definition
from metrics.core.intervals import day_start, local_day
from metrics.core.money import MICRO
from metrics.invoiced.models import InvoicedLine
from metrics.invoiced.parts import COUNTED, DISCOUNT, TAX, holding, parted, parts
from metrics.periods import month_of, shift
from metrics.queries import Shown

Key = tuple[UUID, str, str, int]
AT_ONCE = 2_000
HEADINGS = (COUNTED, DISCOUNT, TAX)
# One step of the index for each currency, however many lines it has.
CURRENCIES = """
WITH RECURSIVE found AS (
    (SELECT currency, billed_at FROM metrics_invoicedline
     WHERE organization_id = %(organization)s ORDER BY currency, billed_at LIMIT 1)
    UNION ALL
    SELECT after.currency, after.billed_at FROM found CROSS JOIN LATERAL
    (SELECT currency, billed_at FROM metrics_invoicedline
     WHERE organization_id = %(organization)s AND currency > found.currency
     ORDER BY currency, billed_at LIMIT 1) AS after
)
SELECT currency, billed_at FROM found
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading or a rule, what it comes to, and on how many lines."""

    rule: str
    amount_micro: int
    lines: int


@dataclass(frozen=True, slots=True)
class InvoicedMonth:
    """What was invoiced in a month in one currency, split with nothing left and nothing twice.

    `charged_micro` is the sum of the invoices' totals, those withdrawn since included.
    """

    month: date
    currency: str
    amount_micro: int
    charged_micro: int
    lines: int
    headings: tuple[Part, ...]
    excluded: tuple[Part, ...]

    @property
    def residual(self) -> int:
        """Return what the parts leave of the amount: always 0."""
        return self.amount_micro - sum(one.amount_micro for one in (*self.headings, *self.excluded))

    def part(self, rule: str) -> Part | None:
        """Return one part by its rule."""
        return next((one for one in (*self.headings, *self.excluded) if one.rule == rule), None)


@dataclass(frozen=True, slots=True)
class Line:
    """One line's share of a part, with what names it at Stripe."""

    key: Key
    line_id: str
    subscription_id: str
    price_id: str
    kind: str
    status: str
    billed_on: date
    period_start: datetime
    period_end: datetime
    amount_micro: int
    part_micro: int


def first_months(organization_id: UUID, zone: ZoneInfo) -> dict[str, date]:
    """Return the month of the first invoice in each currency, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENCIES, {"organization": organization_id})
        found = cursor.fetchall()
    return {currency: month_of(local_day(int(at.timestamp()), zone)) for currency, at in found}


def month(shown: Shown, currency: str, on: date) -> InvoicedMonth:
    """Return the split of one month, by one statement."""
    named = parts(shown.definition)
    sums = (
        _parted(shown, currency, on)
        .values("rule")
        .annotate(
            count=Count("*"),
            invoiced=Sum("amount"),
            off=Sum("discount"),
            net=Sum("net_part"),
            **{f"sum_{rule}": Sum(reduce(add, map(F, some))) for rule, some in named.items()},
            **{f"lines_{rule}": Count("invoice_id", filter=holding(some)) for rule, some in named.items()},
        )
    )
    amounts, lines, total = Counter(dict.fromkeys(HEADINGS, 0)), Counter[str](), Counter[str]()
    for row in sums:
        total.update(amount=row["invoiced"], charged=row["invoiced"] - row["off"], lines=row["count"])
        amounts[row["rule"]] += row["net"]
        lines[row["rule"]] += row["count"]
        for rule in named:
            amounts[rule] += row[f"sum_{rule}"]
            lines[rule] += row[f"lines_{rule}"]
    found = [Part(rule, int(amount) * MICRO, lines[rule]) for rule, amount in amounts.items()]
    return InvoicedMonth(
        on,
        currency,
        int(total["amount"]) * MICRO,
        int(total["charged"]) * MICRO,
        total["lines"],
        tuple(one for one in found if one.rule in HEADINGS),
        tuple(sorted((one for one in found if one.rule not in HEADINGS and one.lines), key=_largest)),
    )


def lines(
    shown: Shown, currency: str, on: date, rule: str, *, after: Key | None = None, most: int = 50
) -> list[Line]:
    """Return the lines of one part in the order of their keys, from after one on; all of them sum to it."""
    named = parts(shown.definition).get(rule, [])
    rows = _parted(shown, currency, on).filter(Q(rule=rule) | holding(named) if named else Q(rule=rule))
    rows = rows.order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=(shown.organization_id, *after))
    return [_line(row, rule, named, shown.zone) for row in rows[:most]]


def split_lines(shown: Shown, currency: str, on: date) -> Iterator[tuple[str, Line]]:
    """Yield each line of a month under every part that it has a share in; the shares sum to the amounts.

    They come by a cursor, so that no number of them fills the memory.
    """
    named = parts(shown.definition)
    for row in _parted(shown, currency, on).order_by("pk").iterator(AT_ONCE):
        for rule in dict.fromkeys((row.rule, *named)):
            line = _line(row, rule, named.get(rule, []), shown.zone)
            if line.part_micro or rule == row.rule:
                yield rule, line


def _line(row: Any, rule: str, named: Sequence[str], zone: ZoneInfo) -> Line:
    share = sum(getattr(row, column) for column in named)
    if row.rule == rule:
        share += row.net_part
    return Line(
        key=(row.connection_id, row.customer_id, row.invoice_id, row.position),
        line_id=row.line_id,
        subscription_id=row.subscription_id,
        price_id=row.price_id,
        kind=row.kind,
        status=row.status,
        billed_on=local_day(int(row.billed_at.timestamp()), zone),
        period_start=row.period_start,
        period_end=row.period_end,
        amount_micro=row.amount * MICRO,
        part_micro=share * MICRO,
    )


def _parted(shown: Shown, currency: str, on: date) -> "QuerySet[Any]":
    return parted(billed(shown.organization_id, shown.definition, currency, on), shown.definition)


def billed(
    organization_id: UUID, definition: Definition, currency: str, on: date
) -> "QuerySet[InvoicedLine]":
    """Return the lines that were billed in a local month."""
    start, end = bounds(definition, on)
    return InvoicedLine.objects.filter(
        organization_id=organization_id, currency=currency, billed_at__gte=start, billed_at__lt=end
    )


def bounds(definition: Definition, on: date) -> tuple[datetime, datetime]:
    """Return the first instant of a local month and of the next."""
    zone = ZoneInfo(definition.time_zone)
    starts = (day_start(first, zone) for first in (on, shift(on, 1)))
    start, end = (datetime.fromtimestamp(at, UTC) for at in starts)
    return start, end


def _largest(one: Part) -> tuple[int, str]:
    return -abs(one.amount_micro), one.rule
