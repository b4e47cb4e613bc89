"""The investor view: its figures, its definitions, and what it never shows."""

import io
import json
import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from dashboards import sharing
from dashboards.formatting import money, percent
from metrics.core.rates import ratio
from metrics.models import MonthlyRevenue
from tests.cast import Person
from tests.dashboards.revenue import EURO, NOW, add_revenue, computed, connect, revenue
from tests.dashboards.test_statements import statements

URL = "/o/acme/investor/"
NAMES = [
    "arr",
    "trailing_twelve_month",
    "contracted_arr",
    "net_revenue_retention",
    "mrr_growth_rate",
    "yearly_growth_rate",
    "customers",
]


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def page(client: Client, query: str = "") -> str:
    response = client.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def figures(html: str) -> dict[str, str]:
    """Return each figure's text by its name."""
    found = re.findall(r'data-figure="(\w+)">(.*?)</p>', html, re.DOTALL)
    return {name: unescape(re.sub(r"<.*?>", "", text)).strip() for name, text in found}


def models(*words: str) -> list[dict[str, object]]:
    """Return the JSON models that the command prints."""
    printed = io.StringIO()
    call_command("metrics", "acme", *words, stdout=printed)
    return [one["recurring_revenue"] for one in json.loads(printed.getvalue())]


def test_the_last_month_that_ended_is_shown(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client)
    assert "Recurring revenue on 31 October 2026, in EUR" in html
    assert list(figures(html)) == NAMES


def test_a_month_in_progress_says_so(owner: Person, organization: Organization) -> None:
    revenue(organization)
    assert "the month so far, on 21 November 2026" in page(owner.client, "?month=2026-11")


def test_each_figure_carries_its_definition_and_version(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09")
    assert html.count("investor-meaning") == html.count(">Definition version 1<") == len(NAMES)
    assert "(starting + expansion − contraction − churned) ÷ starting" in html
    assert figures(html)["net_revenue_retention"] == "99.0%"
    assert figures(html)["mrr_growth_rate"] == "+14.0%"


def test_a_year_that_is_not_there_is_a_dash_with_its_reason(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09")
    assert figures(html)["yearly_growth_rate"] == "–"
    assert "There was no revenue in September 2025." in html
    assert "There are 2 months so far." in html


def test_a_first_month_has_no_rates(owner: Person, organization: Organization) -> None:
    revenue(organization)
    told = figures(page(owner.client, "?month=2026-08"))
    assert [told[name] for name in ("net_revenue_retention", "mrr_growth_rate")] == ["–", "–"]


def test_an_organization_without_figures_is_told_so(owner: Person) -> None:
    assert "There are no figures to show yet." in page(owner.client)


def test_a_missing_rate_is_named(owner: Person, organization: Organization) -> None:
    revenue(organization, currency="jpy")
    assert "Add exchange rates" in page(owner.client, "?in=eur")


def test_the_figures_are_those_of_the_command(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    for currency in ("eur", "jpy", "kwd"):
        add_revenue(organization, key, currency)
        with tenant(organization.id):
            flows = {"new_micro": 977 * EURO, "contracted_net_micro": 411 * EURO, "customers_new": 3}
            MonthlyRevenue.objects.create(**key, currency=currency, month=date(2025, 9, 1), **flows)
        told = figures(page(owner.client, f"?month=2026-10&currency={currency}"))
        months = models("--months", "14", "--currency", currency)[:-1]
        last = months[-1]
        trailing = sum(int(str(one["ending_mrr_micro"])) for one in months[-12:])
        yearly = ratio(int(str(last["ending_mrr_micro"])), int(str(months[-13]["ending_mrr_micro"])))
        assert yearly
        expected = {
            "arr": str(money(int(str(last["arr_micro"])), currency)),
            "trailing_twelve_month": str(money(trailing, currency)),
            "contracted_arr": str(money(int(str(last["contracted_arr_micro"])), currency)),
            "net_revenue_retention": percent(Fraction(str(last["nrr"]))),
            "mrr_growth_rate": percent(Fraction(str(last["mrr_growth_rate"])), signed=True),
            "yearly_growth_rate": percent(yearly - 1, signed=True),
            "customers": str(last["customers_end"]),
        }
        assert told == expected


def test_the_view_asks_little(owner: Person, organization: Organization) -> None:
    revenue(organization)
    for url in (URL, f"{URL}?in=eur", f"{URL}links/", "/o/acme/display/"):
        asked = statements(owner, url)
        assert len(asked) <= 12, "\n".join(asked)
    with tenant(organization.id):
        _, address = sharing.make(organization, "a fund", "eur", 30, by=owner.user)
    asked = statements(Person(owner.user, Client()), address.replace("http://localhost:8000", ""))
    assert len(asked) <= 12, "\n".join(asked)


@pytest.mark.parametrize("query", ["month=2026-13", "currency=usdd", "span=7", "in=zz", "month=%00"])
def test_a_bad_address_is_told_what_would_be_right(
    query: str, owner: Person, organization: Organization
) -> None:
    revenue(organization)
    assert owner.client.get(f"{URL}?{query}").status_code == 400
