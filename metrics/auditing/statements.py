"""What the tables should hold, as SQL over the segments alone, for one range of customers at a time.

These compare row by row, in the order of each customer's changes; `proving` tells first whether they need to.
Amounts of one customer fit 64 bits; sums of many are numeric.
"""

# ruff: noqa: S608 - every part is written here, and values are bound

BUILD = "organization_id = %(organization)s AND definition_version = %(version)s AND build = %(build)s"
RANGE = (
    f"{BUILD} AND connection_id = %(connection)s AND customer_id > %(after)s "
    "AND (%(last)s::text IS NULL OR customer_id <= %(last)s)"
)
DAY = "width_bucket({at}, %(days)s::timestamptz[])"
MONTH = f"(%(months)s::int[])[{DAY}]"
COUNTED = "from_at <= %(computed_at)s"
# What a window of netting is, and the column of a change that tells it.
KEYS = {"day": DAY.format(at="at"), "month": MONTH.format(at="at"), "event": "at"}
MONTHS = {"month": "key", "event": MONTH.format(at="key")}

# The next so many segments, in the order of their customers: the last of these, and how many they are.
BOUND = f"""
SELECT count(*), count(DISTINCT customer_id), max(customer_id) FROM (
    SELECT customer_id FROM metrics_segment
    WHERE {BUILD} AND connection_id = %(connection)s AND customer_id > %(after)s
    ORDER BY customer_id LIMIT %(rows)s
) AS part
"""

# A segment counts from its start until its end; what ends after the build's instant is still open.
CHANGES = f"""
SELECT customer_id, currency, at, way * mrr_micro AS mrr
FROM metrics_segment CROSS JOIN LATERAL (VALUES (from_at, 1), (to_at, -1)) AS bound (at, way)
WHERE {RANGE} AND {COUNTED} AND at <= %(computed_at)s AND mrr_micro <> 0
"""

# A first change that its own window takes back leaves no movement, but the next one is a return.
MOVED = f"""
SELECT customer_id, currency, key, mrr, after, CASE
        WHEN after = mrr AND place = 1 THEN 'new'
        WHEN after = mrr THEN 'reactivation'
        WHEN after = 0 THEN 'churn'
        WHEN mrr > 0 THEN 'expansion'
        ELSE 'contraction' END AS kind,
    lead(key) OVER (PARTITION BY customer_id, currency ORDER BY key) AS following
FROM (
    SELECT customer_id, currency, key, mrr,
        (sum(mrr) OVER customer)::bigint AS after, row_number() OVER customer AS place
    FROM (
        SELECT customer_id, currency, {{key}} AS key, sum(mrr)::bigint AS mrr
        FROM ({CHANGES}) AS change GROUP BY customer_id, currency, 3
    ) AS netted WINDOW customer AS (PARTITION BY customer_id, currency ORDER BY key)
) AS running WHERE mrr <> 0
"""

LEDGER = f"""
SELECT customer_id, currency, date - %(first)s::date + 1 AS key, kind, amount_micro, after_micro,
    until - %(first)s::date + 1 AS until
FROM metrics_movement WHERE {RANGE}
"""

STANDING = f"""
SELECT customer_id, currency, sum(mrr_micro)::bigint AS mrr, sum(committed_micro)::bigint AS committed,
    coalesce(sum(mrr_micro) FILTER (WHERE contracted), 0)::bigint AS contracted
FROM metrics_segment
WHERE {RANGE} AND {COUNTED} AND (to_at IS NULL OR to_at > %(computed_at)s)
    AND (mrr_micro <> 0 OR committed_micro <> 0)
GROUP BY customer_id, currency
"""

BALANCES = f"""
SELECT customer_id, currency, mrr_micro, committed_micro, contracted_micro,
    since - %(first)s::date + 1 AS since
FROM metrics_customerbalance WHERE {RANGE}
"""

# Parts of one answer: rows that differ (the first few, with how many there are), and sums by day and kind.
CUSTOMERS = f"""
WITH moved AS MATERIALIZED ({MOVED.format(key=KEYS["day"])}),
standing AS (
    SELECT standing.*, CASE WHEN mrr <> 0 THEN since END AS since FROM ({STANDING}) AS standing LEFT JOIN (
        SELECT customer_id, currency, max(key) AS since FROM moved
        WHERE kind IN ('new', 'reactivation') GROUP BY customer_id, currency
    ) AS began USING (customer_id, currency)
)
SELECT 'movement', json_build_array(
    customer_id, currency, key, stored, kind, amount_micro, after_micro, until,
    expected, due_kind, mrr, after, following, differing
)::text FROM (
    SELECT customer_id, currency, key, ledger.customer_id IS NOT NULL AS stored, ledger.kind, amount_micro,
        after_micro, until, moved.customer_id IS NOT NULL AS expected, moved.kind AS due_kind, mrr, after,
        following, count(*) OVER () AS differing
    FROM moved FULL JOIN ({LEDGER}) AS ledger USING (customer_id, currency, key)
    WHERE (moved.kind, mrr, after, following) IS DISTINCT FROM (ledger.kind, amount_micro, after_micro, until)
    LIMIT %(most)s
) AS one
UNION ALL
SELECT 'balance', json_build_array(
    customer_id, currency, NULL, stored, mrr_micro, committed_micro, contracted_micro, stored_since,
    expected, mrr, committed, contracted, due_since, differing
)::text FROM (
    SELECT customer_id, currency, balance.customer_id IS NOT NULL AS stored, mrr_micro, committed_micro,
        contracted_micro, balance.since AS stored_since, standing.customer_id IS NOT NULL AS expected,
        mrr, committed, contracted, standing.since AS due_since, count(*) OVER () AS differing
    FROM standing FULL JOIN ({BALANCES}) AS balance USING (customer_id, currency)
    WHERE (mrr, committed, contracted, standing.since)
        IS DISTINCT FROM (mrr_micro, committed_micro, contracted_micro, balance.since)
    LIMIT %(most)s
) AS one
UNION ALL
SELECT 'flow', json_build_array(
    currency, key, kind, json_build_array(sum(abs(mrr)), count(*), sum(mrr::numeric * mrr::numeric))
)::text FROM moved GROUP BY currency, key, kind
"""


def flows_of_months(window: str) -> str:
    """Return a part of the answer: sums by month and kind of movements netted by month or by instant."""
    return (
        f"SELECT 'by_month', currency, {MONTHS[window]}, kind, ARRAY[sum(abs(mrr)), count(*)] "
        f"FROM ({MOVED.format(key=KEYS[window])}) AS moved GROUP BY 2, 3, 4"
    )
