"""The monthly table as people compute it in a warehouse: a spine of customers by months, and windows over it.

Month ends are compared, as `movement_window` month does. The dialect is PostgreSQL's and DuckDB's alike.
"""

from collections.abc import Sequence
from datetime import date

AMOUNTS = ("new", "expansion", "reactivation", "contraction", "churn")
SPINE = """
WITH months AS (
    SELECT month::timestamp AS month, (month + interval '1 month')::timestamp AS until
    FROM generate_series(timestamp '{first}', timestamp '{last}', interval '1 month') AS {series}
), lives AS (
    SELECT customer_id, currency, min(from_at) AS first_at FROM segment GROUP BY customer_id, currency
), spine AS (
    SELECT customer_id, currency, first_at, month, until FROM lives JOIN months ON until > first_at
), balances AS (
    SELECT spine.customer_id, spine.currency, spine.month, spine.first_at,
        coalesce(sum(segment.mrr_micro), 0) AS balance
    FROM spine LEFT JOIN segment ON segment.customer_id = spine.customer_id
        AND segment.currency = spine.currency AND segment.from_at < spine.until
        AND (segment.to_at IS NULL OR segment.to_at >= spine.until)
    GROUP BY spine.customer_id, spine.currency, spine.month, spine.first_at
), moved AS (
    SELECT currency, month, first_at, balance,
        lag(balance, 1, 0) OVER (PARTITION BY customer_id, currency ORDER BY month) AS before
    FROM balances
)
SELECT currency, month::date AS month,
    coalesce(sum(balance) FILTER (WHERE before = 0 AND first_at >= month), 0) AS new,
    coalesce(sum(balance - before) FILTER (WHERE before > 0 AND balance > before), 0) AS expansion,
    coalesce(sum(balance) FILTER (WHERE before = 0 AND first_at < month), 0) AS reactivation,
    coalesce(sum(before - balance) FILTER (WHERE balance > 0 AND balance < before), 0) AS contraction,
    coalesce(sum(before) FILTER (WHERE balance = 0), 0) AS churn
FROM moved GROUP BY currency, month
"""
# What both read: the segments above 0 as they stand, in UTC.
SEGMENT = (
    "SELECT customer_id, currency, from_at AT TIME ZONE 'UTC' AS from_at, "
    "CASE WHEN to_at <= '{now}' THEN to_at AT TIME ZONE 'UTC' END AS to_at, mrr_micro FROM metrics_segment "
    "WHERE organization_id = '{organization}' AND definition_version = 1 AND build = 1 "
    "AND mrr_micro > 0 AND from_at <= '{now}'"
)
Monthly = dict[tuple[str, date], tuple[int, ...]]


def monthly(rows: Sequence[tuple[object, ...]]) -> Monthly:
    """Return what a statement answered by currency and month, without months in which nothing moved."""
    found = {(str(row[0]), _day(row[1])): tuple(int(str(one)) for one in row[2:]) for row in rows}
    return {key: amounts for key, amounts in found.items() if any(amounts)}


def _day(value: object) -> date:
    return value if type(value) is date else date.fromisoformat(str(value)[:10])
