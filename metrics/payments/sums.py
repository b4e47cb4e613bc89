"""A month's failed and recovered payments by day, its refunds, and the MRR that left by reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from metrics.core.intervals import day_start
from metrics.evidence.pages import BUILT, fetched
from metrics.periods import shift
from metrics.queries import Shown

# Before the first build that counts what the tables of this page hold, they are empty.
COUNTED_SINCE = 6
BY_DAY = """
SELECT day, invoices, amount_minor, recovered, recovered_minor FROM metrics_dailyfailures
WHERE organization_id = %(organization)s AND currency = %(currency)s AND day >= %(first)s AND day < %(end)s
ORDER BY day
"""
BY_MONTH = """
SELECT date_trunc('month', day)::date, sum(invoices) FROM metrics_dailyfailures
WHERE organization_id = %(organization)s AND currency = %(currency)s AND day >= %(first)s AND day < %(end)s
GROUP BY 1
"""
# A refund names no currency of its own here: its charge does. Where that has no customer, nothing marks
# whom to count again, so refunds are summed from their rows: they are few of all payments.
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
REASONS = f"""
SELECT why, customers, lost_micro FROM metrics_monthlydepartures
WHERE {BUILT} AND currency = %(currency)s AND month = %(first)s
"""  # noqa: S608 - constants of ours
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


def counted(shown: Shown) -> bool:
    """Say whether the build on show counted payments."""
    return shown.edition >= COUNTED_SINCE


def failures(shown: Shown, month: Month) -> list[Failures]:
    """Return the days of a month on which invoices first failed."""
    return [Failures(day, *map(int, sums)) for day, *sums in fetched(BY_DAY, month.bound(shown))]


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
        Reason(tuple(why.split(" ")) if why else (), count, int(lost))
        for why, count, lost in fetched(REASONS, month.bound(shown))
    ]
    return sorted(found, key=lambda one: (CLASSES.index(one.kind), -one.lost_micro, one.codes))
