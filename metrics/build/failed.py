"""Invoices that a payment failed of, and what first failed on each local day and was paid since.

A build shows them as the mirror has them at its switch; increments move the days by what changed of some
payers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from metrics.build.load import fetch
from metrics.build.pipeline import Answer, Road, packed
from metrics.build.write import Scope, execute
from metrics.core.intervals import day_start, local_day

KEY = "connection_id, customer_id, invoice_id"
FACTS = "currency, failed_at, total_minor, paid_at"
# A payment names its intent, and its charge where it has none. An invoice is recovered once it is paid.
FAILED = f"""
found AS MATERIALIZED (
    SELECT failed.*, coalesce(invoice.total_minor, 0) AS total_minor,
           CASE WHEN invoice.status = 'paid' THEN invoice.paid_at END AS paid_at
    FROM (
        SELECT charge.connection_id, charge.customer_id, payment.invoice_id,
               min(charge.currency) AS currency, min(charge.created_at) AS failed_at
        FROM billing_sync_charge AS charge
        JOIN billing_sync_invoicepayment AS payment
          ON payment.organization_id = charge.organization_id
         AND payment.connection_id = charge.connection_id
         AND payment.payment_id = coalesce(nullif(charge.payment_intent_id, ''), charge.stripe_id)
        WHERE charge.organization_id = %(organization)s
          AND charge.connection_id = ANY(%(connections)s::uuid[])
          AND charge.status = 'failed' AND charge.created_at > '-infinity' {{of_charges}}
        GROUP BY 1, 2, 3
    ) AS failed LEFT JOIN billing_sync_invoice AS invoice ON invoice.organization_id = %(organization)s
        AND invoice.connection_id = failed.connection_id AND invoice.stripe_id = failed.invoice_id
), held AS MATERIALIZED (
    SELECT {KEY}, {FACTS} FROM metrics_failedinvoice AS known
    WHERE organization_id = %(organization)s {{of_known}}
), changed AS (TABLE found EXCEPT TABLE held), past AS (TABLE held EXCEPT TABLE found), gone AS (
    DELETE FROM metrics_failedinvoice AS known
    USING (SELECT {KEY} FROM held EXCEPT SELECT {KEY} FROM found) AS lost
    WHERE known.organization_id = %(organization)s AND known.connection_id = lost.connection_id
      AND known.customer_id = lost.customer_id AND known.invoice_id = lost.invoice_id
), come AS (
    INSERT INTO metrics_failedinvoice (organization_id, {KEY}, {FACTS})
    SELECT %(organization)s, changed.* FROM changed
    ON CONFLICT (organization_id, {KEY})
    DO UPDATE SET ({FACTS}) = (excluded.currency, excluded.failed_at, excluded.total_minor, excluded.paid_at)
)
"""  # noqa: S608
ALL = f"WITH {FAILED.format(of_charges='', of_known='')} SELECT count(*) FROM found"  # noqa: S608
SOME = f"""
WITH {
    FAILED.format(
        of_charges="AND charge.customer_id = ANY(%(customers)s::text[])",
        of_known="AND connection_id = ANY(%(connections)s::uuid[]) "
        "AND customer_id = ANY(%(customers)s::text[])",
    )
}
SELECT currency, failed_at, way, way * total_minor, CASE WHEN paid_at IS NULL THEN 0 ELSE way END
FROM (SELECT *, 1 AS way FROM changed UNION ALL SELECT *, -1 FROM past) AS moved
"""  # noqa: S608
EARLIEST = "SELECT min(failed_at), max(failed_at) FROM metrics_failedinvoice WHERE organization_id = %s"
FORGET_DAYS = "DELETE FROM metrics_dailyfailures WHERE organization_id = %s"
SUMS = "invoices, amount_minor, recovered, recovered_minor"
# Days are cut where our calendar cuts them, whatever the database knows of time zones.
COUNT_DAYS = f"""
INSERT INTO metrics_dailyfailures (organization_id, currency, day, {SUMS})
SELECT organization_id, currency, (%(days)s::date[])[width_bucket(failed_at, %(begins)s::timestamptz[])],
       count(*), sum(total_minor), count(paid_at),
       coalesce(sum(total_minor) FILTER (WHERE paid_at IS NOT NULL), 0)
FROM metrics_failedinvoice WHERE organization_id = %(organization)s GROUP BY 1, 2, 3
"""  # noqa: S608
ADD_DAYS = f"""
INSERT INTO metrics_dailyfailures AS present (organization_id, currency, day, {SUMS})
SELECT %s, * FROM unnest(%s::text[], %s::date[], %s::bigint[], %s::numeric[], %s::bigint[], %s::numeric[])
    AS added (currency, day, {SUMS})
ON CONFLICT (organization_id, currency, day) DO UPDATE SET
    invoices = present.invoices + excluded.invoices,
    amount_minor = present.amount_minor + excluded.amount_minor,
    recovered = present.recovered + excluded.recovered,
    recovered_minor = present.recovered_minor + excluded.recovered_minor
"""  # noqa: S608
DROP_EMPTY_DAYS = (
    "DELETE FROM metrics_dailyfailures WHERE organization_id = %s AND day = ANY(%s) AND invoices = 0"
)

# By currency and local day: invoices and what they come to, and both of those that were paid since.
Moved = dict[tuple[str, date], list[int]]


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
        "connections": packed("uuid", [scope.connection_id]),
        "customers": packed("text", scope.customer_ids or ()),
    }
    return road.send(SOME, bound)


def moved(answers: Iterable[Answer], zone: ZoneInfo) -> Moved:
    """Return by how much each local day's failed and recovered invoices changed."""
    days: Moved = defaultdict(lambda: [0, 0, 0, 0])
    for answer in answers:
        for currency, failed_at, count, amount, recovered in answer.fetchall():
            sums = days[currency, local_day(int(failed_at.timestamp()), zone)]
            for place, one in enumerate((count, amount, recovered, amount if recovered else 0)):
                sums[place] += one
    return {key: sums for key, sums in days.items() if any(sums)}


def add(days: Moved, organization_id: UUID, road: Road) -> None:
    """Move the days, in the order of their keys: two who do so cannot wait for each other."""
    if not days:
        return
    columns = zip(*((*key, *days[key]) for key in sorted(days)), strict=True)
    currencies, ons, *sums = map(list, columns)
    road.send(ADD_DAYS, (organization_id, currencies, ons, *sums))
    road.send(DROP_EMPTY_DAYS, (organization_id, ons))
