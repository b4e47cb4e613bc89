"""Other rules over a large history, previewed and then made: written straight into the tables."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import psycopg
import zstandard

from benchmarks import definition_change
from benchmarks.alert_rows import CONNECTION, fill
from benchmarks.processes import manage

SIZES = (10_000, 100_000)
PRICE = {
    "id": "price_1",
    "object": "price",
    "product": "prod_1",
    "currency": "usd",
    "type": "recurring",
    "billing_scheme": "per_unit",
    "unit_amount": 4900,
    "unit_amount_decimal": "4900",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "active": True,
}
COUPON = {"id": "co_1", "object": "coupon", "duration": "forever", "percent_off": 20.0, "valid": True}
OBJECTS = (("billing_sync_price", PRICE), ("billing_sync_coupon", COUPON))
# Everyone changed seats once; each tenth has a discount and each fiftieth asked to leave.
CONFIGURATION = {
    "connection_id": "(SELECT id FROM billing_sync_connection c WHERE c.organization_id = o.id)",
    "customer_id": "'cus_' || n",
    "subscription_id": "'sub_' || n",
    "item_id": "'si_' || n",
    "from_at": "now() - make_interval(days => 40 + n %% 700) + half * interval '20 days'",
    "to_at": "CASE half WHEN 0 THEN now() - make_interval(days => 20 + n %% 700) END",
    "price_id": "'price_1'",
    "quantity": "1 + half",
    "currency": "'usd'",
    "status": "'active'",
    "paid": "true",
    "cancel_requested": "n %% 50 = 0",
    "discounts": "CASE n %% 10 WHEN 0 THEN ARRAY['di_' || n, 'co_1', ''] ELSE '{}'::text[] END",
    "cancellation": "'cancellation'",
}


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield what previews of five changes take, and one change made, at 10,000 and 100,000 subscriptions."""
    manage("migrate")
    yield "| subscriptions | change | customers valued | seconds | own CPU seconds | ms a customer |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    for size in SIZES:
        slug = f"rules-{size}"
        manage("create_organization", slug, "--owner", f"{slug}@example.com", "--currency", "usd")
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
            write(database, slug, size)
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.definition_work", slug, "--previews", str(size)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        yield from done.stdout.splitlines()
    yield from definition_change.HEAD
    for size in SIZES:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
            yield from definition_change.report(database, f"rules-{size}", size)


def write(database: psycopg.Connection[tuple[object, ...]], slug: str, size: int) -> None:
    """Give an organization the stored history of so many subscriptions, and the prices behind it."""
    fill(database, "billing_sync_connection", CONNECTION, slug)
    compressed = zstandard.ZstdCompressor()
    for table, value in OBJECTS:
        payload = compressed.compress(msgspec.json.encode(value)).hex()
        columns = {
            "connection_id": CONFIGURATION["connection_id"],
            "stripe_id": f"'{value['id']}'",
            "payload": f"decode('{payload}', 'hex')",
            "fetched_at": "now()",
        }
        fill(database, table, columns, slug)
    times = f"generate_series(1, {size}) n, generate_series(0, 1) half"
    fill(database, "metrics_configuration", CONFIGURATION, slug, times)
    database.execute("ANALYZE")
