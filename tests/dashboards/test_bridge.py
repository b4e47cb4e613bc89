"""The page of other tools' MRR, and the rows of one step."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Job, Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import scenario
from config.clock import set_now
from metrics.bridge import comparing
from metrics.bridge.models import Comparison
from metrics.build.recompute import recompute
from tests.cast import Person
from tests.dashboards.test_statements import statements
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
PAGE = "/o/acme/audit/bridge/"
STEP = f"{PAGE}stripe/discounts?month=2026-10&currency=usd"


@pytest.fixture
def business(organization: Organization) -> Iterator[Organization]:
    """Give two customers with a coupon for some months, on which the tools differ."""
    mirrored(organization, scenario("percent_repeating", NOW, customers=2, days=60))
    with set_now(NOW):
        recompute(organization.id)
        yield organization


def page(client: Client, path: str, status: int = 200, **query: Any) -> str:
    answer = client.get(path, query or None)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_four_tools_stand_side_by_side_with_their_citations(owner: Person, business: Organization) -> None:
    shown = page(owner.client, PAGE)
    for name in ("Stripe", "ChartMogul", "ProfitWell", "Baremetrics"):
        assert f">{name}</a>" in shown
    assert "https://docs.stripe.com/billing/subscriptions/analytics/glossary" in shown
    assert '<span class="badge">unknown</span>' in shown
    assert "/o/acme/audit/bridge/stripe/discounts?" in shown


def test_a_step_opens_the_subscriptions_it_moves(owner: Person, business: Organization) -> None:
    page(owner.client, PAGE, month="2026-10", currency="usd")
    shown = page(owner.client, STEP)
    with tenant(business.id):
        step = Comparison.objects.get(subject="stripe").result["steps"]["discounts"]
    assert step["subscriptions"] == 2
    assert "over 2 subscriptions" in shown
    rows = re.findall(r'<a href="(/o/acme/customers/[^"]+)">.+?<a href="(/o/acme/objects/[^"]+)">sub_', shown)
    assert len(rows) == 2
    for url in rows[0]:
        page(owner.client, url)


def test_a_page_that_is_kept_asks_little(owner: Person, business: Organization) -> None:
    page(owner.client, PAGE, month="2026-10", currency="usd")
    for url in (f"{PAGE}?month=2026-10&currency=usd", STEP):
        asked = statements(owner, url)
        assert len(asked) <= 12, "\n".join(asked)


def test_a_large_business_is_compared_in_the_background(
    owner: Person, business: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 1)
    shown = page(owner.client, PAGE, month="2026-10", currency="usd")
    assert "is being computed" in shown
    assert Job.objects.filter(kind="compare_tools", key="2026-10 usd").count() == 1


def test_an_organization_without_revenue_reads_the_rules(owner: Person) -> None:
    shown = page(owner.client, PAGE)
    assert "There is no revenue to compare yet." in shown
    assert "What their documentation says" in shown


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        (f"{PAGE}?month=yesterday", 400, "A month is written as 2026-10"),
        (f"{STEP}&after=nowhere", 400, "This is no place in the list"),
        (f"{PAGE}stripe/colours", 404, ""),
        (f"{PAGE}excel/discounts", 404, ""),
    ],
)
def test_an_address_that_names_nothing_is_refused(
    owner: Person, business: Organization, path: str, status: int, told: str
) -> None:
    assert told in page(owner.client, path, status)
