"""Organizations and movements written straight into the tables, as the owner: 10,000 take seconds."""

import psycopg

Database = psycopg.Connection[tuple[object, ...]]

ACCOUNT = "00000000-0000-0000-0000-000000000001"
# A table's columns are filled by name; what a statement does not name is its type's own nothing.
ORGANIZATIONS = """
INSERT INTO accounts_organization (id, slug, name, time_zone, currency, created_at, second_factor_required)
SELECT gen_random_uuid(), 'bench-' || n, 'Bench ' || n, 'UTC', 'usd', now(), false
FROM generate_series(1, %s) AS n
"""
OURS = "SELECT id FROM accounts_organization WHERE slug LIKE %s"
BUILD = """
INSERT INTO metrics_currentbuild
    (organization_id, definition_version, build, computed_at, data_through, connection_ids, edition)
SELECT o.id, 1, 1, now(), now() + interval '1 day', '{00000000-0000-0000-0000-000000000001}', 6
FROM accounts_organization o WHERE o.slug LIKE %s
"""
CONNECTION = {
    "kind": "'restricted_key'",
    "state": "'live'",
    "account_id": "'acct_1'",
    "livemode": "true",
    "imported_at": "now()",
    "data_through": "now() + interval '1 day'",
    "id": "gen_random_uuid()",
    "created_at": "now()",
}
DEFINITION = {"version": "1", "settings": "'{}'", "created_at": "now()"}
# A new customer each third day, and an old one who leaves each twelfth.
DAY = {
    "definition_version": "1",
    "build": "1",
    "currency": "'usd'",
    "day": "current_date - n",
    "new_micro": "4900000000",
    "customers_new": "1",
}
MONTH = {**DAY, "month": "(date_trunc('month', current_date) - n * interval '1 month')::date"}
MOVEMENT = {
    "definition_version": "1",
    "build": "1",
    "currency": "'usd'",
    "connection_id": f"'{ACCOUNT}'",
    "customer_id": "'cus_' || n",
    "date": "current_date - 1 - (n %% 1095)",
    "kind": "CASE n %% 5 WHEN 0 THEN 'new' WHEN 1 THEN 'expansion' WHEN 2 THEN 'reactivation' "
    "WHEN 3 THEN 'contraction' ELSE 'churn' END",
    "amount_micro": "CASE WHEN n %% 5 > 2 THEN -1 ELSE 1 END * (1 + n %% 7) * 4900000000",
}
OF_ACCOUNT = {"connection_id": f"'{ACCOUNT}'"}
CHARGE = {
    **OF_ACCOUNT,
    "stripe_id": "'ch_' || n || '_' || attempt",
    "payment_intent_id": "'pi_' || n",
    "status": "'failed'",
    "currency": "'usd'",
    "created_at": "now() - (n %% 730 - 3 * attempt) * interval '1 day'",
}
TOTAL = 4_900
RECOVERED = {"total_minor": str(TOTAL), "paid_at": "CASE n %% 2 WHEN 0 THEN now() END"}
PAYMENT = {
    **OF_ACCOUNT,
    "stripe_id": "'inpay_' || n",
    "payment_id": "'pi_' || n",
    "invoice_id": "'in_' || n",
    "created_at": "now() - (n %% 730) * interval '1 day'",
}


def organizations(database: Database, count: int) -> int:
    """Make organizations of forty customers and a year's movements each."""
    database.execute(ORGANIZATIONS, [count])
    like = "bench-%"
    database.execute(BUILD, [like])
    fill(database, "billing_sync_connection", CONNECTION, like)
    fill(database, "metrics_definition", DEFINITION, like)
    fill(database, "metrics_dailyrevenue", DAY, like, "generate_series(1, 400, 10) n")
    months = {name: value for name, value in MONTH.items() if name != "day"}
    fill(database, "metrics_monthlyrevenue", months, like, "generate_series(0, 12) n")
    moved = {**MOVEMENT, "date": "current_date - n", "kind": "'new'", "amount_micro": "4900000000"}
    fill(database, "metrics_movement", moved, like, "generate_series(1, 400, 10) n")
    database.execute("ANALYZE")
    return count


def large(database: Database, slug: str, customers: int) -> str:
    """Give one organization three years of so many customers, and say what it has.

    A customer moves five times; one in twenty of her monthly payments of the last two years fails twice.
    """
    database.execute(BUILD, [slug])
    fill(database, "billing_sync_connection", {**CONNECTION, "id": f"'{ACCOUNT}'"}, slug)
    fill(database, "metrics_definition", DEFINITION, slug)
    days = {**DAY, "new_micro": "49000000000000", "customers_new": "1000"}
    fill(database, "metrics_dailyrevenue", days, slug, "generate_series(1, 1095) n")
    months = {name: value for name, value in MONTH.items() if name != "day"}
    fill(database, "metrics_monthlyrevenue", months, slug, "generate_series(0, 35) n")
    movements, failed = customers * 5, customers * 24 // 20
    fill(database, "metrics_movement", MOVEMENT, slug, f"generate_series(1, {movements}) n")
    attempts = f"generate_series(1, {failed}) n, generate_series(1, 2) attempt"
    fill(database, "billing_sync_charge", CHARGE, slug, attempts)
    fill(database, "billing_sync_invoicepayment", PAYMENT, slug, f"generate_series(1, {failed * 5}) n")
    fill_failures(database, slug, failed, "n %% 730 - 6")
    return f"{customers:,} customers, {movements:,} movements and {failed * 2:,} failed payments"


def fill_failures(database: Database, slug: str, invoices: int, days_ago: str) -> None:
    """Write what a build keeps of so many invoices that a payment failed of some days ago; half came in."""
    at = {"currency": "'usd'", "failed_at": f"now() - ({days_ago}) * interval '1 day'"}
    known = {**OF_ACCOUNT, "customer_id": "'cus_' || n", "invoice_id": "'in_' || n", **at, **RECOVERED}
    numbers = f"generate_series(1, {invoices}) AS n"
    fill(database, "metrics_failedinvoice", known, slug, numbers)
    sums = "count(*) AS invoices, count(*) FILTER (WHERE n %% 2 = 0) AS recovered"
    days = f"(SELECT {days_ago} AS ago, {sums} FROM {numbers} GROUP BY 1) AS days"  # noqa: S608
    counted = {
        "currency": "'usd'",
        "day": "current_date - ago",
        "invoices": "invoices",
        "amount_minor": f"invoices * {TOTAL}",
        "recovered": "recovered",
        "recovered_minor": f"recovered * {TOTAL}",
    }
    fill(database, "metrics_dailyfailures", counted, slug, days)


def fill(database: Database, table: str, values: dict[str, str], like: str, times: str = "") -> None:
    """Write rows into a table for every organization of a name; other columns get an empty value."""
    columns = database.execute(
        "SELECT column_name, data_type, is_nullable, column_default, is_generated "
        "FROM information_schema.columns WHERE table_name = %s",
        [table],
    ).fetchall()
    given = {"organization_id": "o.id", **values}
    for name, kind, nullable, default, generated in columns:
        needed = nullable == "NO" and default is None and generated == "NEVER"
        if needed and name not in given:
            given[str(name)] = EMPTY[str(kind)]
    source = f", {times}" if times else ""
    database.execute(
        f"INSERT INTO {table} ({', '.join(given)}) SELECT {', '.join(given.values())} "  # noqa: S608
        f"FROM accounts_organization o{source} WHERE o.slug LIKE %s".encode(),
        [like],
    )


EMPTY = {
    "character varying": "''",
    "text": "''",
    "integer": "0",
    "smallint": "0",
    "bigint": "0",
    "numeric": "0",
    "boolean": "false",
    "jsonb": "'{}'",
    "ARRAY": "'{}'",
    "bytea": "''",
    "uuid": "'00000000-0000-0000-0000-000000000001'",
    "timestamp with time zone": "now()",
}
