"""An organization of any size written straight into its tables: by the app role, under its row security.

Three years of customers on forty plans. Each begins, grows and shrinks; two in five leave, one in five leaves
and comes back; one in twenty had a payment that failed in the last three months, one in 25 was given it back.
The tables of sums are summed from the same rows.
"""

import msgspec
import psycopg
import zstandard

from benchmarks.alert_rows import ACCOUNT, BUILD, CHARGE, CONNECTION, DEFINITION, PAYMENT, fill, fill_failures

Database = psycopg.Connection[tuple[object, ...]]

PLANS, PRODUCTS = 40, 10
# Each change of each customer, from nothing on: the only rows that are made up.
STEPS = """
CREATE TEMPORARY TABLE steps ON COMMIT DROP AS
SELECT n, place, day, until, date_trunc('month', day)::date AS month, after * size - before * size AS amount,
       CASE WHEN after = 0 THEN 'churn' WHEN place = 0 THEN 'new' WHEN before = 0 THEN 'reactivation'
            WHEN after > before THEN 'expansion' ELSE 'contraction' END AS kind,
       after * size AS after, 'price_' || n % {plans} AS price_id,
       'prod_' || n % {products} AS product_id, n % 10 = 0 AS contracted,
       CASE WHEN n % 50 = 0 AND until IS NULL THEN 0 ELSE after * size END AS committed,
       'cus_' || lpad(to_hex(n::bigint * 2654435761 % 4294967296), 8, '0') || n AS customer_id
FROM (
    SELECT n, (19 + 10 * (n % {plans})) * 100000000::bigint AS size, (n::bigint * 7919 % 1080)::int AS d0,
           30 + n * 31 % 150 AS d1, 30 + n * 17 % 200 AS d2, 20 + n * 13 % 300 AS d3
    FROM generate_series(1, {customers}::bigint) AS n
) AS one CROSS JOIN LATERAL (VALUES
    (0, d0, d0 + d1, 0, 2), (1, d0 + d1, d0 + d1 + d2, 2, 3), (2, d0 + d1 + d2, d0 + d1 + d2 + d3, 3, 1),
    (3, d0 + d1 + d2 + d3, CASE n % 5 WHEN 2 THEN d0 + d1 + d2 + d3 + 40 END, 1,
        CASE WHEN n % 5 < 3 THEN 0 ELSE 2 END),
    (4, CASE n % 5 WHEN 2 THEN d0 + d1 + d2 + d3 + 40 END, NULL, 0, 2)
) AS step (place, on_day, due, before, after)
CROSS JOIN LATERAL (
    SELECT current_date - 1085 + on_day::int AS day,
           CASE WHEN due < 1085 THEN current_date - 1085 + due::int END AS until
) AS dated
WHERE on_day < 1085 ORDER BY customer_id, place
"""
BUILT = {"definition_version": "1", "build": "1"}
WHO = {"connection_id": f"'{ACCOUNT}'", "customer_id": "customer_id"}
ITEM = {
    **WHO,
    "subscription_id": "'sub_' || n",
    "item_id": "'si_' || n",
    "from_at": "day::timestamp AT TIME ZONE 'UTC'",
    "to_at": "until::timestamp AT TIME ZONE 'UTC'",
    "price_id": "price_id",
    "currency": "'usd'",
    "evidence": "ARRAY['sub_' || n]",
    "start_exact": "true",
    "end_exact": "true",
}
SEGMENT = {
    **BUILT,
    **ITEM,
    "product_id": "product_id",
    "interval": "CASE WHEN contracted THEN '1 year' ELSE '1 month' END",
    "quantity": "1",
    "mrr_micro": "after",
    "committed_micro": "committed",
    "contracted": "contracted",
}
CONFIGURATION = {
    **ITEM,
    "quantity": "after / 1000000",
    "status": "'active'",
    "paid": "true",
    "cancel_requested": "committed <> after",
}
FEEDBACK = "'too_expensive', 'unused', 'low_quality', 'switched_service', 'missing_features'"
WHY = f"""CASE kind WHEN 'churn' THEN 'cancellation:cancellation_requested:'
    || (ARRAY[{FEEDBACK}])[1 + (n %% 5)::int] ELSE 'quantity_change' END"""
MOVEMENT = {
    **BUILT,
    **WHO,
    "date": "day",
    "currency": "'usd'",
    "kind": "kind",
    "amount_micro": "amount",
    "after_micro": "after",
    "until": "until",
    "reasons": f"ARRAY[{WHY}]",
    "subscription_ids": "ARRAY['sub_' || n]",
    "legs": "jsonb_build_array(jsonb_build_array('sub_' || n, 'si_' || n, price_id, product_id, amount))",
}
BALANCE = {
    **BUILT,
    **WHO,
    "currency": "'usd'",
    "mrr_micro": "after",
    "committed_micro": "committed",
    "contracted_micro": "CASE WHEN contracted THEN after ELSE 0 END",
    "since": "day",
}
COUNTRY = {**WHO, "country": "(ARRAY['US', 'DE', 'FR', 'GB'])[1 + (n / 7 %% 4)::int]"}
DEPARTED = {
    **BUILT,
    "currency": "'usd'",
    "month": "month",
    "why": "why",
    "customers": "customers",
    "lost_micro": "lost",
}
PAYER = {**WHO, "name": "'Company ' || n", "email": "'payer' || n || '@example.com'"}
KINDS = {
    "new": "new",
    "expansion": "expanded",
    "reactivation": "reactivated",
    "contraction": "contracted",
    "churn": "churned",
}
# What a period's changes come to, and what its segments' bounds add to what is contracted and committed to.
MOVED = {f"{kind}_micro": f"sum(abs(amount)) FILTER (WHERE kind = '{kind}')" for kind in KINDS} | {
    f"customers_{word}": f"count(*) FILTER (WHERE kind = '{kind}')" for kind, word in KINDS.items()
}
SQUARES = {f"{kind}_squares": f"sum(amount::numeric ^ 2) FILTER (WHERE kind = '{kind}')" for kind in KINDS}
NETS = {
    "contracted_net_micro": "sum(way * after) FILTER (WHERE contracted)",
    "committed_net_micro": "sum(way * committed)",
}
BOUNDS = """(SELECT day, month, price_id, product_id, after, committed, contracted, 1 AS way FROM steps
    UNION ALL SELECT until, date_trunc('month', until)::date, price_id, product_id, after, committed,
    contracted, -1 FROM steps WHERE until IS NOT NULL) AS bound"""
PLAN = {
    **BUILT,
    "currency": "'usd'",
    "month": "month",
    "price_id": "price_id",
    "product_id": "product_id",
    "net_micro": "net",
    "items": "items",
}


def company(database: Database, slug: str, customers: int) -> None:
    """Give an organization its company of so many customers, and point its readers at it."""
    with database.transaction():
        (found,) = database.execute(
            "SELECT id FROM accounts_organization WHERE slug = %s", [slug]
        ).fetchone() or (None,)
        database.execute("SELECT set_config('app.organization_id', %s, true)", [str(found)])
        database.execute(_steps(customers).encode())
        database.execute("ANALYZE steps")
        valued = "(SELECT * FROM steps WHERE after <> 0) AS steps"
        fill(database, "metrics_segment", SEGMENT, slug, valued)
        fill(database, "metrics_configuration", CONFIGURATION, slug, valued)
        fill(database, "metrics_movement", MOVEMENT, slug, "steps")
        present = "(SELECT * FROM steps WHERE after <> 0 AND until IS NULL) AS steps"
        fill(database, "metrics_customerbalance", BALANCE, slug, present)
        everyone = "(SELECT * FROM steps WHERE place = 0) AS steps"
        fill(database, "billing_sync_payer", PAYER, slug, everyone)
        fill(database, "metrics_customercountry", COUNTRY, slug, everyone)
        _sums(database, slug)
        _account(database, slug, customers)


def _steps(customers: int) -> str:
    return STEPS.format(plans=PLANS, products=PRODUCTS, customers=customers)


def _sums(database: Database, slug: str) -> None:
    """Sum the changes by day, month and plan."""
    for table, period, more in (
        ("metrics_dailyrevenue", "day", SQUARES),
        ("metrics_monthlyrevenue", "month", {}),
    ):
        moved = {**MOVED, **more}
        source = (
            f"(SELECT {period} AS at, {_named(moved)} FROM steps GROUP BY 1) AS moved "  # noqa: S608 - ours
            f"FULL JOIN (SELECT {period} AS at, {_named(NETS)} FROM {BOUNDS} GROUP BY 1) AS net USING (at)"
        )
        sums = {name: f"coalesce({name}, 0)" for name in (*moved, *NETS)}
        wanted = f"(SELECT * FROM {source}) AS sums"  # noqa: S608 - ours
        fill(database, table, {**BUILT, "currency": "'usd'", period: "at", **sums}, slug, wanted)
    net = "sum(way * after) AS net, sum(way) AS items"
    named = f"month, price_id, min(product_id) AS product_id, {net}"
    plans = f"(SELECT {named} FROM {BOUNDS} WHERE after <> 0 GROUP BY 1, 2) AS plan"  # noqa: S608 - ours
    fill(database, "metrics_planrevenue", PLAN, slug, plans)
    departed = f"month, {WHY} AS why, count(*) AS customers, -sum(amount) AS lost"
    gone = f"(SELECT {departed} FROM steps WHERE kind = 'churn' GROUP BY 1, 2) AS gone"  # noqa: S608 - ours
    fill(database, "metrics_monthlydepartures", DEPARTED, slug, gone)


def _named(sums: dict[str, str]) -> str:
    return ", ".join(f"{value} AS {name}" for name, value in sums.items())


def _account(database: Database, slug: str, customers: int) -> None:
    """Write the account with its prices and failed payments, and the pointer to all that it came to."""
    fill(database, "billing_sync_connection", {**CONNECTION, "id": f"'{ACCOUNT}'"}, slug)
    fill(database, "metrics_definition", DEFINITION, slug)
    payload = zstandard.ZstdCompressor().compress(msgspec.json.encode(PRICE)).hex()
    price = {
        "connection_id": f"'{ACCOUNT}'",
        "stripe_id": "'price_' || n",
        "payload": f"decode('{payload}', 'hex')",
        "product_id": f"'prod_' || n %% {PRODUCTS}",
        "nickname": "'Plan ' || n",
    }
    fill(database, "billing_sync_price", price, slug, f"generate_series(0, {PLANS - 1}) AS n")
    product = {"connection_id": f"'{ACCOUNT}'", "stripe_id": "'prod_' || n", "name": "'Product ' || n"}
    fill(database, "billing_sync_product", product, slug, f"generate_series(0, {PRODUCTS - 1}) AS n")
    failed = f"generate_series(1, {max(customers // 20, 1)}) AS n"
    at = {"created_at": "now() - (1 + n %% 90) * interval '1 day'"}
    fill(database, "billing_sync_charge", {**CHARGE, **at}, slug, f"{failed}, (SELECT 1 AS attempt) AS once")
    fill(database, "billing_sync_invoicepayment", {**PAYMENT, **at}, slug, failed)
    fill_failures(database, slug, max(customers // 20, 1), "1 + n %% 90")
    _refunds(database, slug, max(customers // 25, 1))
    database.execute(BUILD, [slug])


def _refunds(database: Database, slug: str, count: int) -> None:
    """Write so many refunds of the last three months, and the charges that they give back."""
    at = {"connection_id": f"'{ACCOUNT}'", "created_at": "now() - (1 + n %% 90) * interval '1 day'"}
    paid = {"stripe_id": "'ch_paid_' || n", "status": "'succeeded'", "currency": "'usd'"}
    given = {"stripe_id": "'re_' || n", "charge_id": "'ch_paid_' || n", "status": "'succeeded'"}
    numbers = f"generate_series(1, {count}) AS n"
    fill(database, "billing_sync_charge", {**at, **paid}, slug, numbers)
    fill(database, "billing_sync_refund", {**at, **given, "amount_minor": "1900"}, slug, numbers)


PRICE = {
    "id": "price_1",
    "object": "price",
    "product": "prod_1",
    "currency": "usd",
    "type": "recurring",
    "billing_scheme": "per_unit",
    "unit_amount": 1,
    "unit_amount_decimal": "1",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "active": True,
}
