"""Cohorts as pages: every cell opens its customers, and what is too little to say is not said."""

import csv
import io
import re
from html import unescape

import pytest

from accounts.tenancy import tenant
from config.clock import set_now
from metrics import queries
from tests.dashboards.analysis.conftest import Business
from tests.dashboards.crawler import held_against_its_rows, numbers, page, rows
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/cohorts/"


@pytest.mark.parametrize(
    ("asked", "every"),
    [
        ("by=month&measure=net", 23),
        ("by=month&measure=gross&span=36", 61),
        ("by=plan&measure=customers", 17),
        ("by=country&measure=net", 17),
    ],
)
def test_every_cell_opens_customers_who_sum_to_it(business: Business, asked: str, every: int) -> None:
    with set_now(NOW):
        found = numbers(page(business.owner.client, f"{URL}?currency=usd&{asked}"))
        assert len(found) > 60
        opened = [held_against_its_rows(business.owner.client, one) for one in [*found[:4], *found[4::every]]]
    assert any(one.amounts for one in opened)


def test_what_cohorts_are_worth_now_is_the_mrr(business: Business) -> None:
    with set_now(NOW), tenant(business.organization.id):
        (month,) = queries.months(business.organization.id, "usd", last=1)
    for by in ("month", "plan", "country"):
        with set_now(NOW):
            html = page(business.owner.client, f"{URL}?currency=usd&by={by}")
        now = [int(one.said["amount-micro"]) for one in numbers(html) if "age=now" in one.url]
        assert now[0] == month.ending_micro
        # Of plans the twelve largest have a row.
        whole = "Only the largest groups have a row" not in html
        assert whole == (by != "plan")
        assert sum(now[1:]) == now[0] if whole else len(now) == 13


def test_a_rate_takes_thirty_customers_and_month_0_is_all_of_them(business: Business) -> None:
    with set_now(NOW):
        html = page(business.owner.client, f"{URL}?currency=usd&by=month&measure=customers")
    everyone, *cohorts = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html)
    cells = re.findall(r"heat-(\d+)[^\"]*\"><a[^>]*>([\d.]+%)</a>", everyone)
    assert cells[0] == ("10", "100.0%")
    assert len(cells) > 5
    assert not any("%</a>" in one for one in cohorts if "Earlier" not in one)
    assert any(re.search(r">\d+ of \d+</a>", one) for one in cohorts)
    assert "fewer than 30 customers" in html
    assert 'data-chart="curves"' in html


def test_the_file_holds_every_cell_of_the_page(business: Business) -> None:
    with set_now(NOW):
        client = business.owner.client
        text = client.get("/o/acme/analysis/cohorts.csv?currency=usd&by=plan&span=36").content.decode()
        html = page(client, f"{URL}?currency=usd&by=month&span=36")
    told = list(csv.DictReader(io.StringIO(text)))
    third = [one for one in numbers(html) if "measure=net&age=3" in unescape(one.url)]
    assert sum(int(one["mrr_micro"]) for one in told if one["age"] == "3") == int(
        third[0].said["amount-micro"]
    )


def test_the_pages_ask_little(business: Business) -> None:
    with set_now(NOW):
        for asked in ("", "?by=plan", "customers/?currency=usd&age=3", "customers/?by=plan&value=x&age=now"):
            told = statements(business.owner, URL + asked)
            assert len(told) <= 12, asked + "\n" + "\n".join(told)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?by=week", "by is one of month, plan, country"),
        ("?measure=gain", "measure is one of net, gross, customers"),
        ("?span=13", "span is one of 12, 24, 36"),
        ("customers/?age=soon", "age is a number of months"),
        ("customers/?age=99999", "age is a number of months"),
        ("customers/?from=2026-1", "A month is written as 2026-10"),
        ("customers/?after=1", "no place in the list"),
        ("customers/?value=usd", "value is a plan"),
    ],
)
def test_a_bad_address_says_what_would_be_right(business: Business, asked: str, words: str) -> None:
    response = business.owner.client.get(URL + asked)
    assert response.status_code == 400
    assert words in unescape(response.content.decode())


def test_a_list_goes_on_from_page_to_page(business: Business) -> None:
    with set_now(NOW):
        found = rows(business.owner.client, f"{URL}customers/?currency=usd&by=month&measure=joined&age=0")
    assert found.pages > 1
    assert len(set(found.customers)) == len(found.amounts) > 50
