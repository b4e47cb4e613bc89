"""What the pages ask of tenant tables: by an index that the organization leads, under row level security."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import FULL
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.models import CustomerBalance
from tests import database
from tests.cast import make_organization, member
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored

PAGES = {
    "dashboard": "",
    "customers": "customers/",
    "customers of a past day": "customers/?on=2026-07-04&currency=usd",
    "a plan's customers": "customers/?on=2026-07-04&currency=usd&plan={plan}",
    "active customers": "customers/?currency=usd&status=active&country=US&bucket=0",
    "customers by day": "customers/?currency=usd&sort=oldest&text=c",
    "movements of a size": "movements/?month=2026-10&currency=usd&least=1&country=US&text=c",
    "movements": "movements/?month=2026-10&currency=usd",
    "churn": "movements/?month=2026-10&currency=usd&kind=churn",
    "alerts": "alerts/",
    "customer": "customers/{connection}/{customer}/",
}
ROWS = ("metrics_segment", "metrics_movement", "metrics_customerbalance", "metrics_exposure")
MONEY = """
SELECT DISTINCT data_type FROM information_schema.columns
WHERE table_name = ANY(%s) AND column_name LIKE %s
"""
TENANTS = "SELECT relname FROM pg_class WHERE relrowsecurity"
# Whatever may tell of a row in its error is asked after row level security, and of no index.
# The comparisons of patterns, ~<~ and its like, tell of none.
LEAKY = re.compile(r"~~|(?<![<>=~])~(?![<>=])|lower\(|upper\(|to_tsvector|jsonb")


@pytest.fixture(scope="module")
def asked(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Any]]:
    """Give the plans of what each page asks of a small company, as the app role."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        client = member("owner@acme.example", organization, Role.OWNER).client
        mirrored(organization, generate(11, 12, NOW, mix=FULL))
        recompute(organization.id)
        with tenant(organization.id):
            one = CustomerBalance.objects.filter(currency="usd").order_by("-mrr_micro")[0]
        plan = {"plan": "price", "connection": one.connection_id, "customer": one.customer_id}
        yield {
            name: plans(organization, client, f"/o/acme/{path.format(**plan)}")
            for name, path in PAGES.items()
        }
        for each in connections.all(initialized_only=True):
            each.close()
        database.empty_database()
        cache.clear()


def plans(organization: Organization, client: Client, url: str) -> list[dict[str, Any]]:
    """Return the plan of each statement of a page, where no table is too small for its index."""
    told: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, bound: Any, many: bool, context: Any) -> Any:
        told.append((sql, bound))
        return execute(sql, bound, many, context)

    with connection.execute_wrapper(listen):
        assert client.get(url).status_code == 200
    with tenant(organization.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = []
        for sql, bound in told:
            if sql.lstrip().startswith(("SELECT", "WITH")):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", bound)
                found.append(_plan(cursor))
    return found


def _plan(cursor: Any) -> dict[str, Any]:
    (told,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_scans_no_tenant_table_but_by_the_organization(asked: dict[str, Any], page: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TENANTS)
        tenants = {name for (name,) in cursor.fetchall()}
    scans = [one for plan in asked[page] for one in nodes(plan) if one["Node Type"].endswith("Scan")]
    assert [one["Relation Name"] for one in scans if one.get("Relation Name") in tenants]
    for one in scans:
        if one.get("Relation Name") in tenants:
            assert one["Node Type"] != "Seq Scan", one
            condition = one.get("Index Cond") or one.get("Recheck Cond", "")
            assert "organization_id" in condition, one
            assert not LEAKY.search(one.get("Filter", "")), one


def test_money_of_rows_is_a_plain_integer(asked: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MONEY, [list(ROWS), "%_micro"])
        assert cursor.fetchall() == [("bigint",)]
