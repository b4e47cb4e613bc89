"""Row level security costs a page nothing that a filter written by hand would not cost."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from config.clock import set_now
from metrics.build.recompute import recompute
from tests.accounts.isolation.everywhere import tenants_models
from tests.cast import make_organization, member
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored

DAYS = 1_095
CURRENCIES = ("usd", "eur")
TIMES = 5
# A table that the dashboard sums by days: as many rows as asked for, of many organizations beside the one.
FILL = """
INSERT INTO metrics_dailyrevenue ({columns})
SELECT {values} FROM (SELECT * FROM metrics_dailyrevenue WHERE organization_id = %s LIMIT 1) AS one,
    (SELECT id FROM accounts_organization WHERE slug LIKE 'other-%%') AS other,
    unnest(%s::text[]) AS currencies (other_currency), generate_series(0, %s) AS days (back)
"""
TAKEN = {"organization_id": "other.id", "currency": "other_currency", "day": "one.day - back"}


def fill(owner: "psycopg.Connection[Any]", organization: Organization, rows: int) -> int:
    """Give the table rows of as many other organizations as it takes; return how many there are."""
    others = rows // (DAYS * len(CURRENCIES)) + 1
    Organization.objects.bulk_create(
        Organization(slug=f"other-{number}", name="Other", currency="usd", time_zone="UTC")
        for number in range(others)
    )
    names = [
        name
        for (name,) in owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'metrics_dailyrevenue'"
        )
    ]
    values = [sql.SQL(TAKEN.get(name, f"one.{name}")) for name in names]
    statement = sql.SQL(FILL).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)), values=sql.SQL(", ").join(values)
    )
    owner.execute(statement, [organization.id, list(CURRENCIES), DAYS - 1])
    owner.execute("VACUUM ANALYZE metrics_dailyrevenue")
    (count,) = owner.execute("SELECT count(*) FROM metrics_dailyrevenue").fetchone() or (0,)
    return int(count)


def asked(client: Any) -> list[tuple[str, Any]]:
    """Return what the dashboard asks of tenants' tables."""
    told: list[tuple[str, Any]] = []

    def listen(execute: Any, statement: str, bound: Any, many: bool, context: Any) -> Any:
        told.append((statement, bound))
        return execute(statement, bound, many, context)

    with connection.execute_wrapper(listen):
        assert client.get("/o/acme/").status_code == 200
    return [one for one in told if "metrics_" in one[0] and one[0].lstrip().startswith(("SELECT", "WITH"))]


def explained(run: Callable[[str, Any], Any], statement: str, bound: Any) -> dict[str, Any]:
    """Return the fastest of some runs."""
    plans: list[dict[str, Any]] = []
    for _ in range(TIMES):
        (told,) = run(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", bound)
        plans += json.loads(told) if isinstance(told, str) else told
    return min(plans, key=lambda plan: float(plan["Execution Time"]))


def shape(plan: dict[str, Any]) -> Any:
    """Return a plan's nodes, tables and indexes, but what asks once which organization it is."""
    below = [one for one in plan.get("Plans", ()) if one["Parent Relationship"] != "InitPlan"]
    outer = [one for one in below if one["Parent Relationship"] == "Outer"]
    if plan["Node Type"] == "Result" and len(outer) == 1:
        rest = [one for one in below if one not in outer]
        return shape({**outer[0], "Plans": [*outer[0].get("Plans", ()), *rest]})
    return (
        plan["Node Type"],
        plan.get("Relation Name"),
        plan.get("Index Name"),
        sorted(map(repr, map(shape, below))),
    )


def buffers(plan: dict[str, Any]) -> int:
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


@pytest.fixture
def owner_of_tables(db: None) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as opened:
        yield opened


def filtered_by_hand(owner: "psycopg.Connection[Any]", organization: Organization) -> None:
    """Hide each table from the owner, whom no policy binds, behind a view with the filter written out."""
    for model in tenants_models():
        owner.execute(
            sql.SQL(
                "CREATE TEMP VIEW {table} AS SELECT * FROM public.{table} WHERE organization_id = {id}"
            ).format(table=sql.Identifier(model._meta.db_table), id=sql.Literal(organization.id))
        )


@pytest.mark.soak
def test_the_slowest_statement_of_the_dashboard_is_planned_as_if_filtered_by_hand(
    owner_of_tables: "psycopg.Connection[Any]", record_property: Callable[[str, object], None]
) -> None:
    owner = owner_of_tables
    with set_now(NOW):
        organization = make_organization("acme")
        client = member("owner@acme.example", organization, Role.OWNER).client
        mirrored(organization, generate(11, 12, NOW))
        recompute(organization.id)
        rows = fill(owner, organization, 5_000_000)
        statements = asked(client)
    filtered_by_hand(owner, organization)
    pairs = []
    for statement, bound in statements:
        with tenant(organization.id), connection.cursor() as cursor:

            def ours(text: str, values: Any, cursor: Any = cursor) -> Any:
                cursor.execute(text, values)
                return cursor.fetchone()

            secured = explained(ours, statement, bound)
        by_hand = explained(lambda text, values: owner.execute(text, values).fetchone(), statement, bound)
        pairs.append((secured, by_hand))
    secured, by_hand = max(pairs, key=lambda pair: float(pair[0]["Execution Time"]))
    record_property("rows", rows)
    record_property("statements", len(pairs))
    record_property("milliseconds", secured["Execution Time"])
    record_property("milliseconds by hand", by_hand["Execution Time"])
    record_property("buffers", buffers(secured))
    record_property("buffers by hand", buffers(by_hand))
    for ours_too, hand_made in pairs:
        assert shape(ours_too["Plan"]) == shape(hand_made["Plan"])
        # An empty table may be looked into or not: one page.
        assert buffers(ours_too) <= buffers(hand_made) * 1.02 + 1
    assert buffers(secured) <= buffers(by_hand) * 1.02
