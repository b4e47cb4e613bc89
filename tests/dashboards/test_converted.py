"""Every converted number opens its currencies, and each of these the rows that it is made of."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Role
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.periods import shift
from tests import database
from tests.cast import Person, make_organization, member
from tests.dashboards.crawler import Opened, held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW
from tests.metrics.exchange.files import stored
from tests.metrics.seeding import mirrored

MIX = {"ordinary": 6, "other_currency": 4, "yen": 2, "dinar": 2, "currency_option": 3}
WORTH = {"eur": 1.1, "jpy": 0.0067, "kwd": 3.25, "gbp": 1.27, "usd": 1}
URL = "/o/acme/?in=eur&span=6&month=2026-10"


@pytest.fixture(scope="module")
def owner(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Person]:
    """Give the owner of a company of many currencies, whose rates go up and down from month to month."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        mirrored(organization, generate(5, 24, NOW, mix=MIX))
        recompute(organization.id)
        with tenant(organization.id):
            codes = queries.all_months(queries.shown(organization.id)).currencies()
        assert len(codes) >= 4
        stored(organization.id, rates(codes))
        yield member("owner@acme.example", organization, Role.OWNER)
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


def rates(codes: list[str]) -> bytes:
    """Return the rates of nine month ends and of today, to the euro."""
    ends = [shift(date(2026, 11, 1), -back) - timedelta(days=1) for back in range(9)]
    lines = [
        f"{on},{code},eur,{WORTH[code] / 1.1 * (1 + 0.01 * (number % 4)):.6f}"
        for number, on in enumerate([NOW.date(), *ends])
        for code in codes
        if code != "eur"
    ]
    return "\n".join(["date,base,quote,rate", *lines, ""]).encode()


@pytest.mark.parametrize(("query", "sample"), [("", 1), ("&constant=1", 7)])
def test_every_converted_number_opens_currencies_that_sum_to_it(
    owner: Person, query: str, sample: int
) -> None:
    found = list({one.url: one for one in numbers(page(owner.client, URL + query))}.values())
    assert len(found) > 40
    figures = " ".join(one.url for one in found)
    assert [name for name in ("currency", "plan", "customers", "arr") if f"figure={name}" not in figures] == (
        ["currency"] if query else []
    )
    assert all("rates=2026-10" in one.url for one in found) == bool(query)
    behind: dict[str, Opened] = {}
    for one in found[::sample]:
        shown = held_against_its_rows(owner.client, one)
        behind |= {each.url: each for each in numbers(shown.html)}
    for one in list(behind.values())[::9]:
        held_against_its_rows(owner.client, one)
    assert len({one.url.split("currency=")[-1][:3] for one in behind.values()}) >= 3


def test_a_figures_currencies_show_amount_rate_and_day(owner: Person) -> None:
    html = page(owner.client, "/o/acme/converted/?in=eur&month=2026-10&figure=mrr")
    assert "31 Oct 2026" in html
    assert '<th scope="row">USD</th>' in html
    moved = page(owner.client, "/o/acme/converted/?in=eur&month=2026-10&figure=currency")
    assert "→" in moved


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("month=2026-10", 400, "such as in=eur"),
        ("in=eur&figure=profit", 400, "figure is one of starting"),
        ("in=eur&month=2026-13", 400, "A month is written as 2026-10"),
        ("in=eur&rates=soon", 400, "A month is written as 2026-10"),
        ("in=eur&figure=plan&plan=price_none", 404, "No such plan"),
        ("in=sek&figure=mrr", 404, "There is no exchange rate"),
    ],
)
def test_a_bad_address_says_what_would_be_right(owner: Person, query: str, status: int, words: str) -> None:
    answer = owner.client.get(f"/o/acme/converted/?{query}")
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


def test_the_page_asks_little(owner: Person) -> None:
    for figure in ("mrr", "mrr_growth_rate", "customers"):
        asked = statements(owner, f"/o/acme/converted/?in=eur&month=2026-10&figure={figure}")
        assert len(asked) <= 12, "\n".join(asked)


def test_an_organization_without_numbers_is_led_to_its_dashboard(owner: Person) -> None:
    other = make_organization("empty")
    person = member("owner@empty.example", other, Role.OWNER)
    assert person.client.get("/o/empty/converted/?in=eur").headers["Location"] == "/o/empty/"
