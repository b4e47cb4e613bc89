"""The tables once more, by one SQL statement over the stored segments that shares nothing with the build."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

STATEMENT = """
WITH pointer AS (
    SELECT definition_version, build, computed_at FROM metrics_currentbuild WHERE organization_id = %(id)s
), segment AS (
    SELECT one.* FROM metrics_segment AS one JOIN pointer USING (definition_version, build)
    WHERE one.organization_id = %(id)s AND one.mrr_micro <> 0
), change AS (
    SELECT connection_id, customer_id, currency, from_at AS at, mrr_micro AS delta FROM segment
    UNION ALL
    SELECT connection_id, customer_id, currency, to_at, -mrr_micro FROM segment WHERE to_at IS NOT NULL
), netted AS (
    SELECT connection_id, customer_id, currency,
        date_trunc(%(unit)s, at AT TIME ZONE %(zone)s)::date AS period, sum(delta) AS delta
    FROM change, pointer WHERE at <= pointer.computed_at GROUP BY 1, 2, 3, 4
), running AS (
    SELECT *, sum(delta) OVER customer - delta AS before, sum(delta) OVER customer AS after
    FROM netted WINDOW customer AS (PARTITION BY connection_id, customer_id, currency ORDER BY period)
), first AS (
    SELECT connection_id, customer_id, currency, min(from_at) AS first_at FROM segment GROUP BY 1, 2, 3
), named AS (
    SELECT running.currency, period, delta, CASE
        WHEN before = 0 AND date_trunc(%(unit)s, first_at AT TIME ZONE %(zone)s)::date = period THEN 'new'
        WHEN before = 0 THEN 'reactivation'
        WHEN after = 0 THEN 'churn'
        WHEN delta > 0 THEN 'expansion'
        ELSE 'contraction' END AS kind
    FROM running JOIN first USING (connection_id, customer_id, currency) WHERE delta <> 0
)
SELECT currency, period, kind, sum(abs(delta))::numeric, count(*) FROM named GROUP BY 1, 2, 3
"""
COUNTED = {
    "new": "new",
    "expansion": "expanded",
    "reactivation": "reactivated",
    "contraction": "contracted",
    "churn": "churned",
}
Opinion = dict[tuple[str, date, str], tuple[int, int]]


def second_opinion(organization_id: UUID, unit: str, zone: str) -> Opinion:
    """Return the sum and the number of movements by currency, `day` or `month`, and kind."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"id": organization_id, "unit": unit, "zone": zone})
        return {(row[0], row[1], row[2]): (int(row[3]), row[4]) for row in cursor.fetchall()}


def first_opinion(rows: Any, period: str) -> Opinion:
    """Return what a table holds, in the same words."""
    found = {}
    for row in rows:
        for kind, counted in COUNTED.items():
            count = getattr(row, f"customers_{counted}")
            if count:
                key = (row.currency, getattr(row, period), kind)
                found[key] = (int(getattr(row, f"{kind}_micro")), count)
    return found
