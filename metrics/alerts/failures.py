"""Failed payments: the day on which each invoice first could not be collected."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from metrics.core.intervals import day_start, local_day
from metrics.queries import Shown

# Stripe retries a payment for at most two months: an older first failure has no attempt in view.
RETRIES = timedelta(days=62)
NEEDED = ("charges", "invoice_payments")
# A payment names its intent, and its charge where it has none. Bytes sort faster than words.
FIRSTS = """
SELECT min(charge.created_at) AS first, charge.currency, charge.connection_id,
       min(payment.invoice_id) AS invoice_id
FROM billing_sync_charge AS charge
JOIN billing_sync_invoicepayment AS payment
  ON payment.organization_id = charge.organization_id AND payment.connection_id = charge.connection_id
 AND payment.payment_id = coalesce(nullif(charge.payment_intent_id, ''), charge.stripe_id)
WHERE charge.organization_id = %s AND charge.connection_id = ANY(%s) AND charge.status = 'failed'
  AND (%s::text[] IS NULL OR charge.currency = ANY(%s)) AND charge.created_at >= %s AND charge.created_at < %s
GROUP BY charge.currency, charge.connection_id, payment.invoice_id COLLATE "C"
HAVING min(charge.created_at) >= %s
"""
ROWS = f"{FIRSTS} ORDER BY first, invoice_id"
# Days are cut where our calendar cuts them, whatever the database knows of time zones.
COUNTS = f"""
SELECT currency, width_bucket(first, %s::timestamptz[]), count(*) FROM ({FIRSTS}) AS failed
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Failure:
    """An invoice and the local day on which it first could not be collected."""

    on: date
    connection_id: UUID
    invoice_id: str


def first_failures(shown: Shown, currency: str, start: date, end: date) -> list[Failure]:
    """Return the first failed attempts in `[start, end)`, one for an invoice, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, _asked(shown, [currency], start, end))
        return [
            Failure(local_day(int(first.timestamp()), shown.zone), connection_id, invoice_id)
            for first, _, connection_id, invoice_id in cursor.fetchall()
        ]


def failed_days(
    shown: Shown, currencies: Sequence[str] | None, start: date, end: date
) -> dict[str, list[date]]:
    """Return the day of each first failed attempt in `[start, end)`, in order, by currency.

    They are those of some currencies, with None of all.
    """
    days = [start + timedelta(days=count) for count in range((end - start).days)]
    if not days:
        return {}
    begins = [_begin(day, shown) for day in days]
    found: dict[str, list[date]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [begins, *_asked(shown, currencies, start, end)])
        for currency, place, count in cursor.fetchall():
            found[currency].extend([days[place - 1]] * count)
    return found


def _asked(shown: Shown, currencies: Sequence[str] | None, start: date, end: date) -> list[Any]:
    since, until = _begin(start, shown), _begin(end, shown)
    wanted = None if currencies is None else list(currencies)
    accounts = list(shown.connection_ids)
    return [shown.organization_id, accounts, wanted, wanted, since - RETRIES, until, since]


def _begin(day: date, shown: Shown) -> datetime:
    return datetime.fromtimestamp(day_start(day, shown.zone), UTC)
