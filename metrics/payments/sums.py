"""A month's failed and recovered payments by day, its refunds, and the MRR that left by reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from metrics.core.intervals import day_start
from metrics.evidence.pages import BUILT, fetched
from metrics.periods import shift
from metrics.queries import Shown

# An invoice counts as recovered once it is paid, whenever that is.
FAILED = """
FROM metrics_failedinvoice AS failed
LEFT JOIN billing_sync_invoice AS invoice ON invoice.organization_id = failed.organization_id
    AND invoice.connection_id = failed.connection_id AND invoice.stripe_id = failed.invoice_id
WHERE failed.organization_id = %(organization)s AND failed.currency = %(currency)s
  AND failed.connection_id = ANY(%(accounts)s)
  AND failed.failed_at >= %(since)s AND failed.failed_at < %(until)s
"""
RECOVERED = "invoice.paid_at IS NOT NULL AND invoice.status = 'paid'"
BY_DAY = f"""
SELECT width_bucket(failed.failed_at, %(begins)s::timestamptz[]),
    count(*), coalesce(sum(invoice.total_minor), 0),
    count(*) FILTER (WHERE {RECOVERED}), coalesce(sum(invoice.total_minor) FILTER (WHERE {RECOVERED}), 0)
{FAILED} GROUP BY 1 ORDER BY 1
"""
BY_MONTH = """
SELECT date_trunc('month', day)::date, sum(invoices) FROM metrics_dailyfailures
WHERE organization_id = %(organization)s AND currency = %(currency)s AND day >= %(first)s AND day < %(end)s
GROUP BY 1
"""
# A refund names no currency of its own here: its charge does.
REFUNDED = """
FROM billing_sync_refund AS refund
LEFT JOIN billing_sync_charge AS charge ON charge.organization_id = refund.organization_id
    AND charge.connection_id = refund.connection_id AND charge.stripe_id = refund.charge_id
WHERE refund.organization_id = %(organization)s AND refund.connection_id = ANY(%(accounts)s)
  AND refund.created_at >= %(since)s AND refund.created_at < %(until)s
  AND refund.deleted_at IS NULL AND refund.status NOT IN ('failed', 'canceled')
"""
REFUNDS = f"""
SELECT count(*) FILTER (WHERE charge.currency = %(currency)s),
    coalesce(sum(refund.amount_minor) FILTER (WHERE charge.currency = %(currency)s), 0),
    count(*) FILTER (WHERE charge.currency IS NULL)
{REFUNDED}
"""
LEFT = f"""
FROM metrics_movement WHERE {BUILT} AND currency = %(currency)s AND kind = 'churn'
  AND date >= %(first)s AND date < %(end)s
"""
REASONS = f"SELECT reasons, count(*), -sum(amount_micro) {LEFT} GROUP BY reasons"
# Stripe's reasons, and ours, that are not the customer's wish.
INVOLUNTARY = ("payment_failed", "payment_disputed", "payment_failure", "unpaid", "past_due")
CLASSES = ("voluntary", "involuntary", "other")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one currency's payments, as its organization's calendar cuts it."""

    currency: str
    month: date

    def bound(self, shown: Shown) -> dict[str, Any]:
        """Return what the statements bind."""
        end = shift(self.month, 1)
        since, until = (datetime.fromtimestamp(day_start(on, shown.zone), UTC) for on in (self.month, end))
        return {
            "organization": shown.organization_id,
            "accounts": list(shown.connection_ids),
            "currency": self.currency,
            "first": self.month,
            "end": end,
            "since": since,
            "until": until,
        }


@dataclass(frozen=True, slots=True)
class Failures:
    """Invoices whose first failed attempt lies in a span, and those of them that were paid since."""

    on: date
    failed: int
    failed_minor: int
    recovered: int
    recovered_minor: int


@dataclass(frozen=True, slots=True)
class Refunds:
    """What was given back in a month, and refunds of which no charge is known here."""

    count: int
    amount_minor: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why customers left, in the core's codes, how many did, and the MRR that they took."""

    codes: tuple[str, ...]
    customers: int
    lost_micro: int

    @property
    def kind(self) -> str:
        """Say whether they wished to."""
        return kind_of(self.codes)


def kind_of(codes: Sequence[str]) -> str:
    """Say whether a loss was the customer's wish: involuntary where a payment had any part in it."""
    words = {word for code in codes for word in code.split(":")}
    if words.intersection(INVOLUNTARY):
        return "involuntary"
    return "voluntary" if "cancellation" in words else "other"


def failures(shown: Shown, month: Month) -> list[Failures]:
    """Return the days of a month on which invoices first failed."""
    count = (shift(month.month, 1) - month.month).days
    days = [month.month + timedelta(days=number) for number in range(count)]
    begins = [datetime.fromtimestamp(day_start(day, shown.zone), UTC) for day in days]
    rows = fetched(BY_DAY, {**month.bound(shown), "begins": begins})
    return [Failures(days[place - 1], *map(int, sums)) for place, *sums in rows]


def failures_by_month(shown: Shown, currency: str, first: date, end: date) -> dict[date, int]:
    """Return how many invoices first failed in each month from one up to another."""
    bound = {"organization": shown.organization_id, "currency": currency, "first": first, "end": end}
    return {month: int(count) for month, count in fetched(BY_MONTH, bound)}


def refunds(shown: Shown, month: Month) -> Refunds:
    """Return what was given back in a month."""
    ((count, amount, unknown),) = fetched(REFUNDS, month.bound(shown))
    return Refunds(count, int(amount), unknown)


def reasons(shown: Shown, month: Month) -> list[Reason]:
    """Return why customers left in a month, what took most MRR first; movements are netted by local day."""
    found = [
        Reason(tuple(codes), count, int(lost)) for codes, count, lost in fetched(REASONS, month.bound(shown))
    ]
    return sorted(found, key=lambda one: (CLASSES.index(one.kind), -one.lost_micro, one.codes))
