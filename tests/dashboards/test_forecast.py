"""The forecast's page: computed again from what a sandbox knows, assumed otherwise, held against the past."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from billing_sync.sandbox.company import Company, generate, scripted
from billing_sync.sandbox.truth import totals
from config.clock import set_now
from dashboards.formatting import money, percent
from metrics.build.recompute import recompute
from metrics.forecasting.models import ForecastAssumptions
from tests import database
from tests.cast import Person, make_organization, member
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW
from tests.metrics.exposure.company import a_while
from tests.metrics.seeding import mirrored

URL = "/o/acme/analysis/forecast/"


@dataclass(frozen=True, slots=True)
class Business:
    """A company of several years in two currencies, its owner, and somebody who may only read."""

    company: Company
    organization: Organization
    owner: Person
    viewer: Person


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Business]:
    with django_db_blocker.unblock():
        with set_now(NOW):
            made = generate("forecast", 40, NOW, mix={"ordinary": 2, "euro": 1})
            organization = make_organization("acme")
            mirrored(organization, made)
            recompute(organization.id)
            owner = member("owner@acme.example", organization, Role.OWNER)
            viewer = member("viewer@acme.example", organization, Role.VIEWER)
            yield Business(made, organization, owner, viewer)
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


def months_of(company: Company, currency: str) -> list[dict[str, int]]:
    """Return the complete months that the sandbox knows of, oldest first."""
    known = totals(company)[currency]
    return [known[name] for name in sorted(known) if name < f"{NOW:%Y-%m}"]


def carried(months: list[dict[str, int]], ahead: int) -> Fraction:
    """Carry the last month's end on by the means of six months, from amounts alone."""
    mrr, seen = Fraction(months[-1]["ending"]), months[-6:]
    for _ in range(ahead):
        rate = sum(
            Fraction(
                one["expansion"] + one["reactivation"] - one["contraction"] - one["churn"], one["starting"]
            )
            for one in seen
        )
        mrr = max(mrr + mrr * rate / 6 + Fraction(sum(one["new"] for one in seen), 6), Fraction(0))
    return mrr


@pytest.mark.parametrize("currency", ["usd", "eur"])
def test_each_currency_is_carried_on_by_its_own_months(business: Business, currency: str) -> None:
    html = unescape(page(business.viewer.client, f"{URL}?currency={currency}"))
    months = months_of(business.company, currency)
    for ahead in (1, 6, 12):
        assert f'<td class="number">{money(carried(months, ahead), currency)}</td>' in html
    assert f"MRR is {money(carried(months, 12), currency)} at the end of October 2027" in html


def test_the_look_back_says_what_the_averages_of_those_days_would_have_said(business: Business) -> None:
    html, months = unescape(page(business.viewer.client, URL)), months_of(business.company, "usd")
    for ago in (3, 6, 12):
        said, actual = carried(months[:-ago], ago), months[-1]["ending"]
        assert str(money(said, "usd")) in html
        assert f'data-label="Off by">{percent(said / actual - 1, signed=True)}</td>' in html


def test_every_number_with_rows_opens_them(business: Business) -> None:
    found = numbers(page(business.viewer.client, URL))
    assert len(found) == 2 + 6 * 6
    for one in found[:8]:
        held_against_its_rows(business.viewer.client, one)


def test_counts_stand_beside_averages_and_words_beside_the_chart(business: Business) -> None:
    html = unescape(page(business.viewer.client, URL))
    assert "(0)" in html
    assert "In brackets: how many customers moved." in html
    assert 'data-chart="forecast"' in html
    assert "Low and high take every month as the weaker or the stronger half of the last 6" in html
    assert "stands in the calendar" in html


def test_assumptions_are_kept_logged_and_taken_back(business: Business) -> None:
    client, months = business.owner.client, months_of(business.company, "usd")
    sent = {"new": "100.50", "expansion": "2.25", "reactivation": "", "contraction": "0", "churn": "1"}
    client.get(URL)
    held = {"If-None-Match": client.get(URL)["ETag"]}
    assert client.get(URL, headers=held).status_code == 304
    answer = client.post(f"{URL}assumptions?currency=usd", sent)
    assert answer.status_code == 302
    html = unescape(page(client, URL))
    assert client.get(URL, headers=held).status_code == 200
    assert "Under the assumptions below" in html
    came_back = [Fraction(one["reactivation"], one["starting"]) for one in months[-6:]]
    start = Fraction(months[-1]["ending"])
    rate = Fraction(225, 10_000) + sum(came_back, Fraction(0)) / 6 - Fraction(1, 100)
    assert f'<td class="number">{money(start + start * rate + 10_050_000_000, "usd")}</td>' in html
    assert 'value="2.25"' in html
    with tenant(business.organization.id):
        entry = AuditEntry.objects.get(action="forecast.assumptions_changed")
        assert (entry.actor, entry.subject) == (business.owner.user, "usd")
        assert entry.details == {
            "new_micro": "10050000000",
            "expansion": "225",
            "contraction": "0",
            "churn": "100",
        }
    assert "Under the assumptions" not in page(client, f"{URL}?currency=eur")
    assert client.post(f"{URL}averages?currency=usd").status_code == 302
    assert client.post(f"{URL}averages?currency=usd").status_code == 302
    assert "The averages hold." in page(client, URL)
    with tenant(business.organization.id):
        assert not ForecastAssumptions.objects.exists()
        assert AuditEntry.objects.filter(action="forecast.assumptions_reset").count() == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"churn": "101"}, "less than or equal to 100"),
        ({"churn": "-1"}, "greater than or equal to 0"),
        ({"new": "1000000001"}, "less than or equal to 1000000000"),
        ({"new": "1e400"}, "less than or equal to 1000000000"),
        ({"new": "NaN"}, "Enter a number"),
        ({"expansion": "1.005"}, "no more than 2 decimal places"),
        ({"expansion": "lots"}, "Enter a number"),
        ({"churn": "60", "contraction": "41"}, "come to more than 100% of the MRR"),
    ],
)
def test_what_cannot_be_assumed_is_told_and_not_kept(
    business: Business, sent: dict[str, str], said: str
) -> None:
    answer = business.owner.client.post(f"{URL}assumptions?currency=usd", sent)
    assert answer.status_code == 400
    assert said in unescape(answer.content.decode())
    with tenant(business.organization.id):
        assert not ForecastAssumptions.objects.exists()


def test_who_may_only_read_sees_no_form(business: Business) -> None:
    assert "Admins and owners may assume something else." in page(business.viewer.client, URL)
    assert "Forecast with these" not in page(business.viewer.client, URL)


@pytest.mark.parametrize("query", ["currency=EUR", "month=yesterday", "span=7"])
def test_a_bad_address_is_told_what_is_wrong(business: Business, query: str) -> None:
    assert business.viewer.client.get(f"{URL}?{query}").status_code == 400
    assert business.owner.client.post(f"{URL}assumptions?{query}").status_code == 400
    assert business.owner.client.post(f"{URL}averages?{query}").status_code == 400


def test_the_page_asks_little(business: Business) -> None:
    asked = statements(business.owner, URL)
    assert len(asked) <= 12, "\n".join(asked)


def test_a_short_history_and_few_customers_are_told_instead_of_drawn(
    owner: Person, organization: Organization
) -> None:
    assert "There is nothing to analyse yet" in page(owner.client, URL)
    made = scripted([(a_while(), datetime(2026, 8, 3, tzinfo=UTC))] * 2, NOW)
    mirrored(organization, made)
    with set_now(NOW):
        recompute(organization.id)
        html = unescape(page(owner.client, URL))
        assert owner.client.post(f"{URL}assumptions").status_code == 302
    assert "There are 2 complete months that started with MRR; a forecast needs 6." in html
    assert "The last complete month ended with 2 customers; below 10 it is too few to say." in html
    assert "data-chart" not in html
