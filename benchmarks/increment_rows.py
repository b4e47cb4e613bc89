"""A company made larger by copying its rows under other ids, straight in the tables, as the owner."""

import time
from collections.abc import Iterator

import psycopg

Database = psycopg.Connection[tuple[object, ...]]

# A few payers of few rows are the pattern: how many rows there are matters here, not what is in them.
PATTERN = """
CREATE TEMPORARY TABLE pattern AS
SELECT customer_id FROM metrics_segment GROUP BY customer_id
HAVING count(*) BETWEEN 2 AND 5 ORDER BY customer_id LIMIT 100
"""
PATTERNS, FEW = 100, 3
TABLES = {
    "billing_sync_customer": "stripe_id",
    "billing_sync_subscription": "customer_id",
    "billing_sync_event": "customer_id",
    "billing_sync_invoice": "customer_id",
    "billing_sync_invoicepayment": "(SELECT customer_id FROM billing_sync_invoice AS known "
    "WHERE known.organization_id = one.organization_id AND known.connection_id = one.connection_id "
    "AND known.stripe_id = one.invoice_id)",
    "metrics_configuration": "customer_id",
    "metrics_segment": "customer_id",
    "metrics_movement": "customer_id",
    "metrics_customerbalance": "customer_id",
    "metrics_invoicedline": "customer_id",
}
IDS = ("stripe_id", "customer_id", "subscription_id", "item_id", "invoice_id", "payment_id", "line_id")
COLUMNS = (
    "SELECT column_name FROM information_schema.columns "
    "WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position"
)
COUNT = "SELECT count(*) FROM {}"
# Few rows are chosen before they are copied many times.
COPY = (
    "WITH chosen AS MATERIALIZED (SELECT * FROM ("
    "SELECT one.*, row_number() OVER (PARTITION BY {whose}) AS place FROM {table} AS one "
    "WHERE {whose} IN (SELECT customer_id FROM pattern)) AS ordered WHERE place <= %s) "
    "INSERT INTO {table} ({columns}) SELECT {values} FROM chosen AS one, generate_series(1, %s) AS copy "
    "ON CONFLICT DO NOTHING"
)


def multiply(database: Database, customers: int) -> Iterator[str]:
    """Copy rows until there are so many customers; yield how many rows each table has."""
    begun = time.monotonic()
    database.execute("ANALYZE")
    database.execute(PATTERN)
    (alive,) = database.execute("SELECT count(*) FROM billing_sync_customer").fetchone() or (0,)
    copies = max(0, customers - int(str(alive))) // PATTERNS
    counts = []
    for table, whose in TABLES.items():
        columns = [str(name) for (name,) in database.execute(COLUMNS, [table])]
        values = [_value(name) for name in columns]
        named = whose if whose.startswith("(") else f"one.{whose}"
        statement = COPY.format(
            table=table, columns=", ".join(columns), values=", ".join(values), whose=named
        )
        database.execute(statement.encode(), [FEW, copies])
        (count,) = database.execute(COUNT.format(table).encode()).fetchone() or (0,)
        counts.append(f"{count:,} of `{table}`")
    database.execute("VACUUM ANALYZE")
    yield f"Rows, made in {time.monotonic() - begun:.0f} s: {', '.join(counts)}."
    yield ""


def _value(name: str) -> str:
    if name == "payload":
        return "substring(one.payload, 1, 100)"
    if name in IDS:
        # Of one length, so that keys come in the order of their index.
        return f"CASE WHEN one.{name} <> '' THEN one.{name} || to_char(copy, '\"_\"FM000000') ELSE '' END"
    return f"one.{name}"
