"""Sums beside revenue, counted once more: who left by month and reason, and what failed by local day."""

# ruff: noqa: S608 - every part is written here, and values are bound

from datetime import date
from typing import Any

from metrics.auditing.boundaries import DAY, calendar
from metrics.auditing.snapshot import fetch
from metrics.auditing.statements import RANGE
from metrics.payments.models import WHY

DEPARTED = f"""
SELECT 'left', currency, date_trunc('month', date)::date, {WHY}, ARRAY[count(*), -sum(amount_micro)]
FROM metrics_movement WHERE {RANGE} AND kind = 'churn' GROUP BY 2, 3, 4
"""
DEPARTURES = ("customers", "lost_micro")
FAILURES = ("invoices", "amount_minor", "recovered", "recovered_minor")
KNOWN = "FROM metrics_failedinvoice WHERE organization_id = %(organization)s"
SPAN = f"SELECT min(failed_at), max(failed_at) {KNOWN}"
FAILED = f"""
SELECT currency, width_bucket(failed_at, %(days)s::timestamptz[]), count(*), sum(total_minor), count(paid_at),
    coalesce(sum(total_minor) FILTER (WHERE paid_at IS NOT NULL), 0)
{KNOWN} GROUP BY 1, 2
"""


def failures(bound: dict[str, Any], time_zone: str) -> dict[tuple[str, date], dict[str, int]]:
    """Return what the invoices that a payment failed of come to, by currency and local day."""
    ((first, last),) = fetch(SPAN, bound)
    if first is None:
        return {}
    # Where it is a day earlier than in Greenwich, the first day begins before it does there.
    days = calendar(time_zone, first.date() - DAY, last)
    rows = fetch(FAILED, {**bound, "days": list(days.days)})
    return {
        (currency, days.day(bucket)): dict(zip(FAILURES, map(int, figures), strict=True))
        for currency, bucket, *figures in rows
    }
