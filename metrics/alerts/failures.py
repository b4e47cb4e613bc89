"""Failed payments: the day on which each invoice first could not be collected."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection

from metrics.core.intervals import day_start, local_day
from metrics.queries import Shown

NEEDED = ("charges", "invoice_payments")
ROWS = """
SELECT failed_at, connection_id, invoice_id FROM metrics_failedinvoice
WHERE organization_id = %s AND currency = %s AND connection_id = ANY(%s)
  AND failed_at >= %s AND failed_at < %s
ORDER BY failed_at, invoice_id
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """An invoice and the local day on which it first could not be collected."""

    on: date
    connection_id: UUID
    invoice_id: str


def first_failures(shown: Shown, currency: str, start: date, end: date) -> list[Failure]:
    """Return the first failed attempts in `[start, end)`, one for an invoice, oldest first."""
    since, until = (datetime.fromtimestamp(day_start(day, shown.zone), UTC) for day in (start, end))
    accounts = list(shown.connection_ids)
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [shown.organization_id, currency, accounts, since, until])
        return [
            Failure(local_day(int(first.timestamp()), shown.zone), connection_id, invoice_id)
            for first, connection_id, invoice_id in cursor.fetchall()
        ]
