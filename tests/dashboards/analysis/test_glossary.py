"""The glossary: each example is what the sandbox's truth comes to, and opens its rows."""

import re
from fractions import Fraction
from html import unescape

import pytest

from accounts.models import Organization, Role
from billing_sync.sandbox.truth import totals
from config.clock import set_now
from dashboards.common_mistakes import MISTAKES, SETTINGS
from dashboards.glossary import TERMS
from dashboards.glossary_page import GROUPS
from tests.cast import member
from tests.dashboards.analysis.conftest import ZONE, Business
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/glossary/"
MONTH = "2026-09"


def entries(html: str) -> dict[str, str]:
    """Return the text of each term."""
    found = re.findall(r'<li class="list-item glossary-entry" id="(\w+)">(.*?)</li>', html, re.DOTALL)
    return {name: " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split()) for name, text in found}


def test_every_term_has_its_place_and_its_mistake() -> None:
    placed = [name for _, _, names in GROUPS for name in names]
    assert sorted(placed) == sorted(TERMS)
    assert set(placed) == set(MISTAKES)
    assert set(SETTINGS) <= set(placed)


def test_rates_are_what_the_truth_comes_to(business: Business) -> None:
    with set_now(NOW):
        told = entries(page(business.owner.client, f"{URL}?currency=usd&month={MONTH}"))
    truth = totals(business.company, ZONE, "day")["usd"]
    month = truth[MONTH]
    start, lost = month["starting"], month["contraction"] + month["churn"]
    won = month["new"] + month["expansion"] + month["reactivation"]
    assert start
    assert lost
    wanted = {
        "mrr_growth_rate": Fraction(won - lost, start),
        "revenue_churn_rate": Fraction(month["churn"], start),
        "gross_mrr_churn_rate": Fraction(lost, start),
        "net_revenue_retention": Fraction(start + month["expansion"] - lost, start),
        "gross_revenue_retention": Fraction(start - lost, start),
        "yearly_growth_rate": Fraction(month["ending"], truth["2025-09"]["ending"]) - 1,
    }
    for name, rate in wanted.items():
        assert f"= {round(rate * 1000) / 10:.1f}%".replace("-", "−") in told[name], told[name]
    assert f"= {round(Fraction(won, lost) * 10) / 10:.1f}" in told["quick_ratio"]
    year = [truth[key]["ending"] for key in sorted(truth) if "2025-10" <= key <= MONTH]
    assert f"= ${round(Fraction(sum(year), 10**6)) / 100:,.2f}" in told["trailing_twelve_month"]


def test_every_number_opens_its_rows(business: Business) -> None:
    with set_now(NOW):
        found = numbers(page(business.owner.client, f"{URL}?currency=usd"))
        known = {one.url: one for one in found if "count" in one.said or "rate" in one.said}
        known |= {one.url: one for one in found}
        opened = [held_against_its_rows(business.owner.client, one) for one in known.values()]
    assert len(opened) > 20


def test_a_setting_in_force_is_told(business: Business) -> None:
    with set_now(NOW):
        told = entries(page(business.owner.client, URL))
    assert "When a cancellation becomes churn: when the subscription has ended" in told["churn"]
    assert f"Time zone: {ZONE}" in told["net_new"]
    assert "non-recurring revenue" in told["net_revenue_retention"]


def test_panels_lead_to_their_terms(business: Business) -> None:
    with set_now(NOW):
        html = page(business.owner.client, "/o/acme/")
    anchors = re.findall(r'href="/o/acme/analysis/glossary/#(\w+)"', html)
    assert {"mrr", "arr", "churn", "net_new"} <= set(anchors) <= set(TERMS)


def test_the_page_asks_little_and_names_a_bad_month(business: Business) -> None:
    with set_now(NOW):
        assert len(statements(business.owner, URL)) <= 12
        answer = business.owner.client.get(f"{URL}?month=2026-13")
    assert answer.status_code == 400
    assert "2026-10" in answer.content.decode()


@pytest.mark.usefixtures("business")
def test_without_numbers_terms_stand_without_examples() -> None:
    bare = Organization.objects.create(name="Bare", slug="bare", time_zone="UTC")
    reader = member("viewer@bare.example", bare, Role.VIEWER)
    html = page(reader.client, "/o/bare/analysis/glossary/")
    assert len(entries(html)) == len(TERMS)
    assert "Yours:" not in html
