"""Plans as a page: from start to end, opened figure by figure, and a change of plan that is never churn."""

import re
from html import unescape

import pytest

from accounts.tenancy import tenant
from config.clock import set_now
from metrics import queries
from tests.dashboards.analysis.conftest import Business
from tests.dashboards.crawler import Opened, held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/plans/"
MONTHS = ("2026-11", "2026-08")


def opened(business: Business, asked: str) -> list[Opened]:
    with set_now(NOW):
        return numbers(page(business.owner.client, f"{URL}?currency=usd&{asked}"))


@pytest.mark.parametrize(
    ("asked", "every"),
    [("by=plan", 9), ("by=interval", 4), ("by=currency", 1), ("by=plan&month=2026-08", 11)],
)
def test_every_figure_opens_rows_that_sum_to_it(business: Business, asked: str, every: int) -> None:
    found = opened(business, asked)
    assert len(found) > 5
    with set_now(NOW):
        for one in found[::every]:
            held_against_its_rows(business.owner.client, one)


def test_expansion_and_moves_open_what_belongs_to_the_plan_alone(business: Business) -> None:
    seen = set[str]()
    for month in ("2026-10", "2026-07", "2026-04", "2026-01", "2025-10"):
        for by in ("plan", "interval"):
            found = [
                one for one in opened(business, f"by={by}&month={month}") if "/plans/customers/" in one.url
            ]
            kinds = {re.findall(r"flow=(\w+)", one.url)[0]: one for one in found}
            with set_now(NOW):
                for kind, one in kinds.items():
                    assert held_against_its_rows(business.owner.client, one).amounts
                    seen.add(f"{by} {kind}")
    assert {"plan expansion", "plan moved_in", "plan moved_out", "plan moved", "interval holders"} <= seen


def test_all_plans_are_the_headline_of_the_month(business: Business) -> None:
    with set_now(NOW), tenant(business.organization.id):
        (month,) = queries.months(business.organization.id, "usd", last=1)
    for by in ("plan", "interval"):
        with set_now(NOW):
            html = page(business.owner.client, f"{URL}?currency=usd&by={by}")
        first = re.findall(r"<tr>\s*<th scope=\"row\">All plans</th>.*?</tr>", html, re.S)
        standing, flows = ([one.said for one in numbers(row)] for row in first)
        assert standing[0]["amount-micro"] == str(month.ending_micro)
        assert standing[1]["count"] == str(month.customers_end)
        amounts = [int(one["amount-micro"]) for one in flows]
        assert amounts[0] == month.starting_micro
        assert amounts[-1] == month.ending_micro


def test_the_page_asks_little_and_says_what_is_too_few(business: Business) -> None:
    with set_now(NOW):
        for asked in ("?by=plan", "?by=interval", "?by=currency", "customers/?flow=moved&month=2026-10"):
            told = statements(business.owner, URL + asked)
            assert len(told) <= 12, asked + "\n" + "\n".join(told)
        html = page(business.owner.client, f"{URL}?currency=usd&month=2024-06")
    assert "too few to say" in html
    assert 'data-chart="shares"' in html


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?by=product", "by is one of plan, interval, currency"),
        ("?month=2026-13", "A month is written as 2026-10"),
        ("customers/?flow=gain", "flow is one of holders"),
        ("customers/?flow=expansion", "Choose a plan or an interval"),
        ("customers/?flow=moved&after=[1]", "no place in the list"),
        ("customers/?flow=moved&after=[]", "no place in the list"),
        ("customers/?flow=holders&plan=%00", "id of a Stripe price"),
        ("customers/?flow=holders&by=interval&plan=often", "a number and a unit"),
    ],
)
def test_a_bad_address_says_what_would_be_right(business: Business, asked: str, words: str) -> None:
    response = business.owner.client.get(URL + asked)
    assert response.status_code == 400
    assert words in unescape(response.content.decode())
