"""Failed payments: the day on which each invoice first could not be collected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import connection

from metrics.core.intervals import day_start, local_day
from metrics.queries import Shown

# Stripe retries a payment for at most two months: an older first failure has no attempt in view.
RETRIES = timedelta(days=62)
NEEDED = ("charges", "invoice_payments")
# A payment names its intent, and its charge where it has none.
FIRSTS = """
SELECT min(charge.created_at), charge.currency, charge.connection_id, payment.invoice_id
FROM billing_sync_charge AS charge
JOIN billing_sync_invoicepayment AS payment
  ON payment.organization_id = charge.organization_id AND payment.connection_id = charge.connection_id
 AND payment.payment_id = coalesce(nullif(charge.payment_intent_id, ''), charge.stripe_id)
WHERE charge.organization_id = %s AND charge.connection_id = ANY(%s) AND charge.status = 'failed'
  AND (%s::text[] IS NULL OR charge.currency = ANY(%s)) AND charge.created_at >= %s AND charge.created_at < %s
GROUP BY charge.currency, charge.connection_id, payment.invoice_id
HAVING min(charge.created_at) >= %s
ORDER BY 1, 4
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """An invoice and the local day on which it first could not be collected."""

    on: date
    currency: str
    connection_id: UUID
    invoice_id: str


def first_failures(shown: Shown, currencies: Sequence[str] | None, start: date, end: date) -> list[Failure]:
    """Return the first failed attempts in `[start, end)`, one for an invoice, oldest first.

    They are those of some currencies, with None of all.
    """
    since, until = (datetime.fromtimestamp(day_start(day, shown.zone), UTC) for day in (start, end))
    wanted = None if currencies is None else list(currencies)
    accounts, oldest = list(shown.connection_ids), since - RETRIES
    with connection.cursor() as cursor:
        cursor.execute(FIRSTS, [shown.organization_id, accounts, wanted, wanted, oldest, until, since])
        return [
            Failure(local_day(int(first.timestamp()), shown.zone), currency, connection_id, invoice_id)
            for first, currency, connection_id, invoice_id in cursor.fetchall()
        ]
