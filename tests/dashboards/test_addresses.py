"""The dashboard's addresses: what each may ask for, and whether a page or its fragment answers."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import Organization
from config import clock
from tests.cast import Person
from tests.dashboards.revenue import NOW, revenue

URL = "/o/acme/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(URL + query, headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?month=2026-13", 400, "A month is written as 2026-10"),
        ("?month=october", 400, "A month is written as 2026-10"),
        ("?month=2026-1", 400, "A month is written as 2026-10"),
        ("?month=%00", 400, "A month is written as 2026-10"),
        ("?month=99999-10", 400, "A month is written as 2026-10"),
        ("?month=٢٠٢٦-١٠", 400, "A month is written as 2026-10"),
        ("?month=2026-07", 404, "They run from August 2026 to November 2026."),
        ("?month=2026-12", 404, "They run from August 2026 to November 2026."),
        ("?month=0001-01", 404, "They run from August 2026 to November 2026."),
        ("?currency=EURO", 400, "three small letters"),
        ("?currency=<b>", 400, "three small letters"),
        ("?currency=usd", 404, "There is no recurring revenue in USD. There is some in EUR."),
        ("?span=7", 400, "6 or 12 months"),
        ("?span=-6", 400, "6 or 12 months"),
    ],
)
def test_an_address_that_names_nothing_says_what_would(
    owner: Person, organization: Organization, query: str, status: int, words: str
) -> None:
    revenue(organization)
    response = owner.client.get(URL + query)
    assert response.status_code == status
    assert words in response.content.decode()
    assert 'href="/o/acme/"' in response.content.decode()


@pytest.mark.parametrize("query", ["?colour=blue", "?month=&currency=&span=", "?month=2026-09&month=2026-10"])
def test_an_address_with_nothing_wrong_is_read_kindly(
    owner: Person, organization: Organization, query: str
) -> None:
    revenue(organization)
    assert owner.client.get(URL + query).status_code == 200


def test_htmx_gets_the_fragment_alone(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09", **HTMX)
    assert "<title>September 2026 · Acme · Millrace</title>" in html
    assert 'id="dashboard"' in html
    assert "hx-swap-oob" in html
    assert "<html" not in html


def test_everyone_else_gets_the_whole_page(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09")
    assert "<title>September 2026 · Acme · Millrace</title>" in html
    assert html.count("<title>") == 1
    assert "hx-swap-oob" not in html


def test_restoring_history_gets_the_whole_page(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, **HTMX, **{"HX-History-Restore-Request": "true"})
    assert "<html" in html
    assert "hx-swap-oob" not in html


def test_the_page_and_the_fragment_are_never_cached_as_one(owner: Person) -> None:
    assert "HX-Request" in owner.client.get(URL)["Vary"]


def test_every_link_of_htmx_works_without_it(owner: Person, organization: Organization) -> None:
    revenue(organization)
    links = re.findall(r"<a\b[^>]*?hx-get=[^>]*>", page(owner.client), re.DOTALL)
    assert links
    for link in links:
        href, get = re.search(r'href="([^"]+)"', link), re.search(r'hx-get="([^"]+)"', link)
        assert href
        assert get
        assert href[1] == get[1]
