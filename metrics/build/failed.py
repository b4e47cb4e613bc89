"""Invoices that a payment failed of, and how many first failed on each local day.

A build shows them as the mirror has them at its switch; increments move the days by what changed of some
payers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from metrics.build.load import fetch
from metrics.build.pipeline import Answer, Road
from metrics.build.write import Scope, execute
from metrics.core.intervals import day_start, local_day

KEY = "connection_id, customer_id, invoice_id"
# A payment names its intent, and its charge where it has none.
FAILED = f"""
found AS MATERIALIZED (
    SELECT charge.connection_id, charge.customer_id, payment.invoice_id,
           min(charge.currency) AS currency, min(charge.created_at) AS failed_at
    FROM billing_sync_charge AS charge
    JOIN billing_sync_invoicepayment AS payment
      ON payment.organization_id = charge.organization_id AND payment.connection_id = charge.connection_id
     AND payment.payment_id = coalesce(nullif(charge.payment_intent_id, ''), charge.stripe_id)
    WHERE charge.organization_id = %(organization)s AND charge.connection_id = ANY(%(connections)s)
      AND charge.status = 'failed' AND charge.created_at > '-infinity' {{of_charges}}
    GROUP BY 1, 2, 3
), held AS MATERIALIZED (
    SELECT {KEY}, currency, failed_at FROM metrics_failedinvoice AS known
    WHERE organization_id = %(organization)s {{of_known}}
), gone AS (
    DELETE FROM metrics_failedinvoice AS known
    USING (SELECT {KEY} FROM held EXCEPT SELECT {KEY} FROM found) AS lost
    WHERE known.organization_id = %(organization)s AND known.connection_id = lost.connection_id
      AND known.customer_id = lost.customer_id AND known.invoice_id = lost.invoice_id
), come AS (
    INSERT INTO metrics_failedinvoice (organization_id, {KEY}, currency, failed_at)
    SELECT %(organization)s, changed.* FROM (TABLE found EXCEPT TABLE held) AS changed
    ON CONFLICT (organization_id, {KEY})
    DO UPDATE SET currency = excluded.currency, failed_at = excluded.failed_at
)
"""  # noqa: S608
ALL = f"WITH {FAILED.format(of_charges='', of_known='')} SELECT count(*) FROM found"  # noqa: S608
SOME = f"""
WITH {
    FAILED.format(
        of_charges="AND charge.customer_id = ANY(%(customers)s)",
        of_known="AND connection_id = ANY(%(connections)s) AND customer_id = ANY(%(customers)s)",
    )
}
SELECT currency, failed_at, sum(way)::int FROM (
    SELECT currency, failed_at, 1 AS way FROM found UNION ALL SELECT currency, failed_at, -1 FROM held
) AS moved GROUP BY 1, 2 HAVING sum(way) <> 0
"""  # noqa: S608
EARLIEST = "SELECT min(failed_at), max(failed_at) FROM metrics_failedinvoice WHERE organization_id = %s"
FORGET_DAYS = "DELETE FROM metrics_dailyfailures WHERE organization_id = %s"
# Days are cut where our calendar cuts them, whatever the database knows of time zones.
COUNT_DAYS = """
INSERT INTO metrics_dailyfailures (organization_id, currency, day, invoices)
SELECT organization_id, currency,
       (%(days)s::date[])[width_bucket(failed_at, %(begins)s::timestamptz[])], count(*)
FROM metrics_failedinvoice WHERE organization_id = %(organization)s GROUP BY 1, 2, 3
"""
ADD_DAYS = """
INSERT INTO metrics_dailyfailures AS present (organization_id, currency, day, invoices)
SELECT %s, * FROM unnest(%s::text[], %s::date[], %s::bigint[]) AS added (currency, day, invoices)
ON CONFLICT (organization_id, currency, day) DO UPDATE SET invoices = present.invoices + excluded.invoices
"""
DROP_EMPTY_DAYS = (
    "DELETE FROM metrics_dailyfailures WHERE organization_id = %s AND day = ANY(%s) AND invoices = 0"
)

Moved = Counter[tuple[str, date]]


def refresh(organization_id: UUID, connection_ids: Sequence[UUID], zone: ZoneInfo) -> None:
    """Make the failed invoices and their days what the mirror has of the accounts summed."""
    execute(ALL, {"organization": organization_id, "connections": list(connection_ids)})
    execute(FORGET_DAYS, [organization_id])
    ((first, last),) = fetch(EARLIEST, [organization_id])
    if first is None:
        return
    start, end = (local_day(int(at.timestamp()), zone) for at in (first, last))
    days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
    begins = [datetime.fromtimestamp(day_start(day, zone), UTC) for day in days]
    execute(COUNT_DAYS, {"organization": organization_id, "days": days, "begins": begins})


def again(organization_id: UUID, scope: Scope, road: Road) -> Answer:
    """Ask for some payers' failed invoices anew; the answer is for `moved`."""
    bound: dict[str, Any] = {
        "organization": organization_id,
        "connections": [scope.connection_id],
        "customers": list(scope.customer_ids or ()),
    }
    return road.send(SOME, bound)


def moved(answers: Iterable[Answer], zone: ZoneInfo) -> Moved:
    """Return by how many each local day's failed invoices changed."""
    days = Moved()
    for answer in answers:
        for currency, failed_at, count in answer.fetchall():
            days[currency, local_day(int(failed_at.timestamp()), zone)] += count
    return Moved({key: count for key, count in days.items() if count})


def add(days: Moved, organization_id: UUID, road: Road) -> None:
    """Move the days, in the order of their keys: two who do so cannot wait for each other."""
    if not days:
        return
    columns = zip(*((*key, days[key]) for key in sorted(days)), strict=True)
    currencies, ons, counts = map(list, columns)
    road.send(ADD_DAYS, (organization_id, currencies, ons, counts))
    road.send(DROP_EMPTY_DAYS, (organization_id, ons))
