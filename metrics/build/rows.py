"""The core's values as rows of our tables, and back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.core.movements import BACK, Movement
from metrics.core.pricing import Applied

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table written in bulk: its columns after the tenant's and the build's, and how each is packed."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    built: bool = True

    @property
    def lead(self) -> tuple[str, ...]:
        """Return the columns that one write holds constant."""
        built = ("definition_version", "build") if self.built else ()
        return ("organization_id", *built)


CONFIGURATION = Table(
    "metrics_configuration",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "item_id": "text",
        "from_at": "instant",
        "to_at": "instant",
        "price_id": "text",
        "quantity": "bigint",
        "currency": "text",
        "status": "text",
        "paid": "boolean",
        "collection_paused": "boolean",
        "cancel_requested": "boolean",
        "refunded": "boolean",
        "unpaid_since": "instant",
        "discounts": "texts",
        "tax_share": "text",
        "usage": "text",
        "cancellation": "text",
        "evidence": "texts",
        "start_exact": "boolean",
        "end_exact": "boolean",
    },
    ("connection_id", "customer_id", "subscription_id", "item_id", "from_at"),
    built=False,
)
UNUSED = Table(
    "metrics_unusedfact",
    {"connection_id": "uuid", "customer_id": "text", "object_id": "text", "rule": "text"},
    ("connection_id", "customer_id", "object_id", "rule"),
    built=False,
)
DATED = Table(
    "metrics_datedchange",
    {"connection_id": "uuid", "customer_id": "text", "at": "instant"},
    ("connection_id", "customer_id"),
    built=False,
)
SEGMENT = Table(
    "metrics_segment",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "item_id": "text",
        "from_at": "instant",
        "to_at": "instant",
        "currency": "text",
        "price_id": "text",
        "product_id": "text",
        "interval": "text",
        "quantity": "bigint",
        "mrr_micro": "bigint",
        "committed_micro": "bigint",
        "contracted": "boolean",
        "excluded": "text",
        "discounts": "texts",
        "cancellation": "text",
        "evidence": "texts",
        "start_exact": "boolean",
        "end_exact": "boolean",
    },
    ("connection_id", "customer_id", "subscription_id", "item_id", "from_at"),
)
MOVEMENT = Table(
    "metrics_movement",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "date": "day",
        "currency": "text",
        "kind": "text",
        "amount_micro": "bigint",
        "after_micro": "bigint",
        "until": "day",
        "reasons": "texts",
        "subscription_ids": "texts",
        "legs": "document",
    },
    ("date", "connection_id", "customer_id", "currency"),
)

BALANCE = Table(
    "metrics_customerbalance",
    {
        "currency": "text",
        "connection_id": "uuid",
        "customer_id": "text",
        "mrr_micro": "bigint",
        "committed_micro": "bigint",
        "contracted_micro": "bigint",
        "since": "day",
    },
    ("currency", "connection_id", "customer_id"),
)

INVOICED = Table(
    "metrics_invoicedline",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "invoice_id": "text",
        "position": "integer",
        "line_id": "text",
        "subscription_id": "text",
        "item_id": "text",
        "price_id": "text",
        "currency": "text",
        "status": "text",
        "billed_at": "instant",
        "paid_at": "instant",
        "period_start": "instant",
        "period_end": "instant",
        "kind": "text",
        "amount": "bigint",
        "discount": "bigint",
        "once_discount": "bigint",
        "repeating_discount": "bigint",
        "tax": "bigint",
        "added_tax": "bigint",
    },
    ("connection_id", "customer_id", "invoice_id", "position"),
    built=False,
)


def configuration_row(connection_id: UUID, customer_id: str, one: Configuration) -> Row:
    return (
        connection_id,
        customer_id,
        *one[:13],
        [text for applied in one.discounts for text in _applied(applied)],
        None if one.tax_share is None else str(one.tax_share),
        None if one.usage is None else str(one.usage),
        one.cancellation,
        list(one.evidence),
        one.start_exact,
        one.end_exact,
    )


def _applied(applied: Applied) -> tuple[str, str, str]:
    return applied.discount, applied.coupon, "subscription" if applied.on_subscription else ""


def configuration(row: Sequence[Any]) -> Configuration:
    """Return a row of CONFIGURATION, less connection and customer, as it went in."""
    values = list(row)
    triples = zip(row[13][::3], row[13][1::3], row[13][2::3], strict=True)
    values[13] = tuple(Applied(level == "subscription", name, coupon) for name, coupon, level in triples)
    values[14], values[15] = _fraction(row[14]), _fraction(row[15])
    values[17] = tuple(row[17])
    return Configuration(*values)


@lru_cache(maxsize=4_096)
def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def segment_row(connection_id: UUID, customer_id: str, one: Segment) -> Row:
    return (connection_id, customer_id, *one[:13], list(one[13]), one[14], list(one[15]), *one[16:])


def segment(row: Sequence[Any]) -> Segment:
    """Return a row of SEGMENT, less connection and customer, as it went in."""
    return Segment._make((*row[:13], tuple(row[13]), row[14], tuple(row[15]), *row[16:]))


def movement_rows(connection_id: UUID, customer_id: str, moved: Sequence[Movement]) -> list[Row]:
    """Return one customer's movements, each with the MRR of its currency after it and how long that held."""
    rows, after = [], dict[str, int]()
    legs: list[list[Any]]
    named: list[str]
    for one, until in zip(moved, _untils(moved), strict=True):
        on, kind, currency, amount, steps, _ = one
        balance = after[currency] = after.get(currency, 0) + amount
        if len(steps) == 1:
            (step,) = steps
            legs = [[step.subscription, step.item, step.price, step.product, step.amount_micro]]
            named = [step.subscription]
        else:
            legs = [list(leg) for leg in one.legs]
            named = sorted({leg.subscription for leg in one.legs})
        rows.append(
            (
                connection_id,
                customer_id,
                on,
                currency,
                kind,
                amount,
                balance,
                until,
                list(one.reasons),
                named,
                legs,
            )
        )
    return rows


def _untils(moved: Sequence[Movement]) -> list[date | None]:
    """Return for each movement, which come by time, the day of the next one in its currency."""
    found: list[date | None] = []
    following: dict[str, date] = {}
    for on, _, currency, *_ in reversed(moved):
        found.append(following.get(currency))
        following[currency] = on
    return found[::-1]


def balance_rows(
    connection_id: UUID, customer_id: str, present: Sequence[Segment], moved: Sequence[Movement]
) -> list[Row]:
    """Return what one customer is worth now in each currency, since its last movement from nothing."""
    worth: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in present:
        if one.end is None and (one.mrr_micro or one.committed_micro):
            sums = worth[one.currency]
            sums[0] += one.mrr_micro
            sums[1] += one.committed_micro
            sums[2] += one.mrr_micro if one.contracted else 0
    since = {one.currency: one.on for one in moved if one.kind in BACK}
    return [
        (currency, connection_id, customer_id, *sums, since.get(currency) if sums[0] else None)
        for currency, sums in worth.items()
    ]
