"""A company of any size for the audit: a few thousand customers built by the core, then copied by name."""

from collections.abc import Sequence

import msgspec
import psycopg
import zstandard

from benchmarks.alert_rows import CONNECTION, fill
from benchmarks.definition import COUPON, PRICE

Database = psycopg.Connection[tuple[object, ...]]
ACCOUNT = "(SELECT id FROM billing_sync_connection c WHERE c.organization_id = o.id)"
PRICES = 20
RECURRING = {"interval_count": 1, "usage_type": "licensed"}
# Of 36 months each customer fills three or four spans; every seventh left in between and came back.
SPAN_DAYS = 70
FIRST = "now() - make_interval(days => 1060 - (n::bigint * 7919 %% 800)::int)"
CONFIGURATION = {
    "connection_id": ACCOUNT,
    "customer_id": "'cus_' || lpad(n::text, 6, '0')",
    "subscription_id": "'sub_' || n",
    "item_id": "'si_' || n",
    "from_at": f"date_trunc('second', {FIRST} + span * interval '{SPAN_DAYS} days')",
    "to_at": f"CASE WHEN span < 2 + n %% 2 OR n %% 3 = 0 THEN date_trunc('second', {FIRST} "
    f"+ (span + 1) * interval '{SPAN_DAYS} days' - (n %% 7 = 0)::int * interval '20 days') END",
    "price_id": f"'price_' || (n + (n %% 4 = 0)::int * span) %% {PRICES}",
    "quantity": "1 + (n * 31 + span * 17) %% 9",
    "currency": "CASE WHEN n %% 20 > 2 THEN 'usd' WHEN n %% 20 > 0 THEN 'eur' ELSE 'gbp' END",
    "status": "'active'",
    "paid": "true",
    "cancel_requested": "n %% 50 = 0",
    "discounts": "CASE n %% 10 WHEN 0 THEN ARRAY['di_' || n, 'co_1', ''] ELSE '{}'::text[] END",
    "cancellation": "'cancellation'",
    "evidence": "ARRAY['il_' || n || '_' || span, 'evt_' || n || '_' || span]",
}
NAMED = ("metrics_segment", "metrics_movement", "metrics_customerbalance")
COUNTS = ("items", "customers")
HISTORY = ("metrics_configuration",)
SUMMED = (
    "metrics_dailyrevenue",
    "metrics_monthlyrevenue",
    "metrics_planrevenue",
    "metrics_monthlydepartures",
)


def history(database: Database, slug: str, customers: int, until: str = "now()") -> None:
    """Write prices and configurations of some customers up to an instant, for the build to value."""
    fill(database, "billing_sync_connection", CONNECTION, slug)
    compressed = zstandard.ZstdCompressor()
    for name, value in objects():
        payload = compressed.compress(msgspec.json.encode(value)).hex()
        columns = {
            "connection_id": ACCOUNT,
            "stripe_id": f"'{value['id']}'",
            "payload": f"decode('{payload}', 'hex')",
            "fetched_at": "now()",
        }
        fill(database, name, columns, slug)
    times = f"generate_series(1, {customers}) n, generate_series(0, 2 + n %% 2) span"
    spans = {name: value.replace("now()", until) for name, value in CONFIGURATION.items()}
    fill(database, "metrics_configuration", spans, slug, times)
    database.execute("ANALYZE")


def objects() -> list[tuple[str, dict[str, object]]]:
    """Return the catalogue: every fifth price is a yearly one."""
    found: list[tuple[str, dict[str, object]]] = [("billing_sync_coupon", COUPON)]
    for number in range(PRICES):
        amount = 4900 + 500 * number
        price = {
            **PRICE,
            "id": f"price_{number}",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
            "recurring": {**RECURRING, "interval": "year" if number % 5 == 0 else "month"},
            "currency_options": {
                other: {"unit_amount": amount, "unit_amount_decimal": str(amount)} for other in ("eur", "gbp")
            },
        }
        found.append(("billing_sync_price", price))
    return found


def multiply(database: Database, slug: str, copies: int, tables: Sequence[str] = NAMED) -> None:
    """Give every customer of the build namesakes with the same rows, and the tables of sums those of all."""
    found = database.execute("SELECT id FROM accounts_organization WHERE slug = %s", [slug]).fetchone()
    organization_id = found[0] if found else None
    for table in tables:
        names = columns_of(database, table, ("customer_id",))
        statement = (
            f"WITH one AS MATERIALIZED (SELECT * FROM {table} WHERE organization_id = %s) "  # noqa: S608
            f"INSERT INTO {table} (customer_id, {names}) "
            f"SELECT 'cus_' || to_char(copy, 'FM0000') || substr(customer_id, 4), {names} "
            # Copy by copy, in the order in which a build writes its payers.
            "FROM generate_series(1, %s) AS copy, LATERAL (SELECT * FROM one WHERE copy > 0 OFFSET 0) AS own"
        )
        database.execute(statement.encode(), [organization_id, copies - 1])
    for table in SUMMED:
        sums = [one for one in columns_of(database, table, ()).split(", ") if is_sum(one)]
        multiplied = ", ".join(f"{one} = {one} * %(copies)s" for one in sums)
        database.execute(
            f"UPDATE {table} SET {multiplied} WHERE organization_id = %(organization)s".encode(),  # noqa: S608
            {"copies": copies, "organization": organization_id},
        )


def is_sum(name: str) -> bool:
    plain = name.strip('"')
    return plain.endswith(("_micro", "_squares")) or plain.startswith("customers_") or plain in COUNTS


def columns_of(database: Database, table: str, without: tuple[str, ...]) -> str:
    found = database.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        [table],
    ).fetchall()
    return ", ".join(f'"{name}"' for (name,) in found if name not in without)
