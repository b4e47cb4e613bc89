"""The page of customers at risk: its rows sum to its totals, in any order, page by page."""

from collections.abc import Iterator
from html import unescape

import pytest
from pytest_django.plugin import DjangoDbBlocker

from accounts.tenancy import tenant
from dashboards import exposure as drawing
from metrics.exposure import reading
from metrics.exposure.diagnoses import DIAGNOSES
from metrics.models import Diagnosing
from tests.dashboards.at_risk import AtRisk, at_risk
from tests.dashboards.crawler import held_against_its_rows, numbers, page, rows
from tests.dashboards.test_statements import statements

URL = "/o/acme/exposure/"


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[AtRisk]:
    with django_db_blocker.unblock(), at_risk() as one:
        yield one


def test_every_diagnosis_opens_customers_who_sum_to_it(business: AtRisk) -> None:
    found = numbers(page(business.viewer.client, URL))
    assert len(found) == 2 * (1 + len(DIAGNOSES))
    for one in found:
        assert held_against_its_rows(business.viewer.client, one).amounts


def test_everyone_counts_once_with_the_largest_amount(business: AtRisk) -> None:
    everyone = rows(business.owner.client, URL)
    assert len(everyone.customers) == len(set(everyone.customers))
    assert everyone.amounts == sorted(everyone.amounts, reverse=True)
    assert "counts once, with the largest" in everyone.html


@pytest.mark.parametrize("query", ["", "?sort=due", "?diagnosis=contraction&sort=due", "?diagnosis=past_due"])
def test_pages_follow_each_other_in_every_order(
    business: AtRisk, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    whole = rows(business.owner.client, URL + query)
    for module in (drawing, reading):
        monkeypatch.setattr(module, "PAGE", 2)
    paged = rows(business.owner.client, URL + query)
    assert paged.pages > 1 or len(whole.amounts) <= 2
    assert (paged.customers, paged.amounts) == (whole.customers, whole.amounts)


def test_a_row_says_why_in_words_and_opens_the_customer(business: AtRisk) -> None:
    html = unescape(page(business.owner.client, URL))
    assert "From 27 Nov 2026 on it is $49.00 a month more." in html
    assert "The card is good until 31 Dec 2026." in html
    customer = rows(business.owner.client, URL).customers[0]
    assert business.owner.client.get(customer).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "diagnosis=gout",
        "sort=name",
        "currency=e%00r",
        "currency=EUR",
        "after=1",
        "after=x~y~z",
        "after=1~00000000-0000-0000-0000-000000000001~a%00",
        "after=99999999999999999999999~00000000-0000-0000-0000-000000000001~a",
        "sort=due&after=-1~00000000-0000-0000-0000-000000000001~a",
    ],
)
def test_a_bad_address_is_told_what_is_wrong(business: AtRisk, query: str) -> None:
    assert business.owner.client.get(f"{URL}?{query}").status_code == 400


def test_a_currency_without_anyone_shows_nobody(business: AtRisk) -> None:
    assert "Nothing here is at risk today" in page(business.owner.client, f"{URL}?currency=jpy")


def test_the_page_asks_little(business: AtRisk) -> None:
    asked = statements(business.owner, URL)
    assert len(asked) <= 12, "\n".join(asked)


def test_a_look_that_has_not_ended_is_told(business: AtRisk) -> None:
    with tenant(business.id):
        Diagnosing.objects.update(finished=False)
    assert "Not everyone has been looked at yet" in page(business.owner.client, URL)
    with tenant(business.id):
        Diagnosing.objects.update(finished=True)
