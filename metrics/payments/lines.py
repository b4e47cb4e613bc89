"""The payments, refunds and departures behind a month's sums, page by page, the newest first."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from metrics.core.intervals import day_start
from metrics.core.money import MICRO
from metrics.evidence.pages import BUILT, PAGE, fetched
from metrics.payments.models import WHY
from metrics.payments.sums import REFUNDED, Month
from metrics.queries import Shown

NAMED = """
SELECT page.*, coalesce(nullif(payer.name, ''), nullif(payer.email, ''), nullif(page.customer_id, ''), '–')
FROM ({page}) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY page.at DESC, page.connection_id DESC, page.id DESC
"""
BEYOND = "AND ({at}, {connection}, {id}) < (%(after)s, %(after_connection)s, %(after_id)s)"
INVOICES = f"""
SELECT failed.failed_at AS at, failed.connection_id, failed.invoice_id AS id, failed.customer_id,
    failed.total_minor * {MICRO}::bigint AS amount, coalesce(invoice.status, '') AS word,
    failed.paid_at AS then
FROM metrics_failedinvoice AS failed
LEFT JOIN billing_sync_invoice AS invoice ON invoice.organization_id = failed.organization_id
    AND invoice.connection_id = failed.connection_id AND invoice.stripe_id = failed.invoice_id
WHERE failed.organization_id = %(organization)s AND failed.currency = %(currency)s
  AND failed.failed_at >= %(since)s AND failed.failed_at < %(until)s
{{only}} {{beyond}} ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(limit)s
"""  # noqa: S608 - constants of ours, as below
REFUNDS = f"""
SELECT refund.created_at AS at, refund.connection_id, refund.stripe_id AS id,
    coalesce(nullif(refund.customer_id, ''), charge.customer_id, '') AS customer_id,
    coalesce(refund.amount_minor, 0) * {MICRO}::bigint AS amount, refund.status AS word,
    NULL::timestamptz AS then
{REFUNDED} {{only}} {{beyond}} ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(limit)s
"""
DEPARTURES = f"""
SELECT date AS at, connection_id, customer_id AS id, customer_id, -amount_micro AS amount,
    array_to_string(reasons, ' ') AS word, NULL::timestamptz AS then
FROM metrics_movement WHERE {BUILT} AND currency = %(currency)s AND kind = 'churn'
  AND date >= %(first)s AND date < %(end)s
{{only}} {{beyond}} ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(limit)s
"""  # noqa: S608
OF_REASON = f"AND {WHY} = %(why)s"
LISTS: dict[str, tuple[str, str, tuple[str, str, str]]] = {
    "failed": (INVOICES, "", ("failed.failed_at", "failed.connection_id", "failed.invoice_id")),
    "recovered": (
        INVOICES,
        "AND failed.paid_at IS NOT NULL",
        ("failed.failed_at", "failed.connection_id", "failed.invoice_id"),
    ),
    "refunds": (
        REFUNDS,
        "AND charge.currency = %(currency)s",
        ("refund.created_at", "refund.connection_id", "refund.stripe_id"),
    ),
    "cancellations": (DEPARTURES, "", ("date", "connection_id", "customer_id")),
}
Key = tuple[date, UUID, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One payment, refund or departure: when, whose, how much, and what became of it."""

    at: date
    connection_id: UUID
    id: str
    customer_id: str
    amount_micro: int
    word: str
    then: datetime | None
    name: str

    @property
    def key(self) -> Key:
        """Return the row's place among all rows."""
        return self.at, self.connection_id, self.id


def lines(
    shown: Shown, month: Month, name: str, *, day: date | None = None, why: str = "", after: Key | None = None
) -> list[Line]:
    """Return a page of one list of a month, and one row more; of a day or of a reason, where it is given."""
    statement, only, (at, connection, identity) = LISTS[name]
    bound: dict[str, Any] = {**month.bound(shown), "limit": PAGE + 1, "why": why}
    if day is not None:
        until = date.fromordinal(day.toordinal() + 1)
        since_at, until_at = (datetime.fromtimestamp(day_start(on, shown.zone), UTC) for on in (day, until))
        bound |= {"since": since_at, "until": until_at, "first": day, "end": until}
    beyond = ""
    if after is not None:
        beyond = BEYOND.format(at=at, connection=connection, id=identity)
        bound |= {"after": after[0], "after_connection": after[1], "after_id": after[2]}
    page = statement.format(only=f"{only} {OF_REASON if why else ''}", beyond=beyond)
    return [Line(*row) for row in fetched(NAMED.format(page=page), bound)]
