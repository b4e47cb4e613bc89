"""Who is at risk today: totals by diagnosis, and pages of customers by amount or by date."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from metrics.evidence.pages import PAGE, fetched
from metrics.queries import Shown

PROGRESS = "SELECT day, finished FROM metrics_diagnosing WHERE organization_id = %(organization)s"
TOTALS = """
SELECT currency, diagnosis, customers, amount_micro FROM metrics_exposuretotal
WHERE organization_id = %(organization)s AND customers > 0
"""
LINES = """
SELECT page.connection_id, page.customer_id, page.diagnosis, page.amount_micro, page.due_at,
    page.detail::text,
    coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
FROM (
    SELECT connection_id, customer_id, diagnosis, amount_micro, due_at, detail FROM metrics_exposure
    WHERE organization_id = %(organization)s AND currency = %(currency)s AND {chosen} {beyond}
    ORDER BY {order} LIMIT %(limit)s
) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY {order}
"""
OTHERS = """
SELECT connection_id, customer_id, diagnosis FROM metrics_exposure
JOIN unnest(%(connections)s::uuid[], %(customers)s::text[]) AS shown (connection_id, customer_id)
    USING (connection_id, customer_id)
WHERE organization_id = %(organization)s AND currency = %(currency)s
ORDER BY amount_micro DESC, diagnosis
"""
ORDERS = {
    "amount": "amount_micro DESC, connection_id DESC, customer_id DESC",
    "due": "due_at, connection_id, customer_id",
}
BEYOND = {
    "amount": "AND (amount_micro, connection_id, customer_id) < (%(amount)s, %(connection)s, %(customer)s)",
    # What has no date comes last.
    "due": "AND (due_at > %(due)s OR due_at IS NULL "
    "OR due_at = %(due)s AND (connection_id, customer_id) > (%(connection)s, %(customer)s))",
    "undated": "AND due_at IS NULL AND (connection_id, customer_id) > (%(connection)s, %(customer)s)",
}
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Total:
    """How many customers a diagnosis has in a currency, and what they come to."""

    customers: int
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The day for which everyone was looked at, and the totals by currency and diagnosis."""

    on: date | None
    finished: bool
    totals: dict[str, dict[str, Total]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after a customer, by what the list is ordered by."""

    value: int | None
    connection_id: UUID
    customer_id: str


@dataclass(frozen=True, slots=True)
class Exposed:
    """One customer's diagnosis."""

    connection_id: UUID
    customer_id: str
    diagnosis: str
    amount_micro: int
    due_at: datetime | None
    detail: str
    name: str

    def place(self, order: str) -> Place:
        """Return the place of the row in a list of an order; instants in microseconds."""
        due = None if self.due_at is None else round(self.due_at.timestamp() * 1_000_000)
        return Place(self.amount_micro if order == "amount" else due, self.connection_id, self.customer_id)


def standing(shown: Shown) -> Standing:
    """Return what is known of the present."""
    bound = {"organization": shown.organization_id}
    totals: dict[str, dict[str, Total]] = defaultdict(dict)
    for currency, diagnosis, customers, amount in fetched(TOTALS, bound):
        totals[currency][diagnosis] = Total(customers, int(amount))
    on, finished = next(iter(fetched(PROGRESS, bound)), (None, False))
    return Standing(on, finished, dict(totals))


def exposed(
    shown: Shown, currency: str, diagnosis: str, order: str, after: Place | None = None
) -> list[Exposed]:
    """Return a page of customers and one more: of a diagnosis, else each with the one that leads."""
    bound: dict[str, Any] = {
        "organization": shown.organization_id,
        "currency": currency,
        "diagnosis": diagnosis,
        "limit": PAGE + 1,
    }
    beyond = ""
    if after is not None:
        beyond = BEYOND["undated" if after.value is None else order]
        value = 0 if after.value is None else max(-LARGEST, min(after.value, LARGEST))
        bound |= {"amount": value, "connection": after.connection_id, "customer": after.customer_id}
        bound["due"] = datetime.fromtimestamp(value / 1_000_000, UTC) if order == "due" else None
    statement = LINES.format(
        chosen="diagnosis = %(diagnosis)s" if diagnosis else "leads", beyond=beyond, order=ORDERS[order]
    )
    return [Exposed(*row) for row in fetched(statement, bound)]


def all_of(shown: Shown, currency: str, rows: Iterable[Exposed]) -> dict[tuple[UUID, str], list[str]]:
    """Return every diagnosis of some customers, the largest first."""
    pairs = [(one.connection_id, one.customer_id) for one in rows]
    bound = {
        "organization": shown.organization_id,
        "currency": currency,
        "connections": [one for one, _ in pairs],
        "customers": [name for _, name in pairs],
    }
    found: dict[tuple[UUID, str], list[str]] = defaultdict(list)
    for connection_id, customer_id, diagnosis in fetched(OTHERS, bound) if pairs else ():
        found[connection_id, customer_id].append(diagnosis)
    return dict(found)
