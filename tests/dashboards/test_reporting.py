"""All currencies in one on the dashboard: converted by month, or refused by day and pair."""

import re
from collections.abc import Iterator

import pytest

from accounts.models import Organization
from billing_sync.models import Connection
from config import clock
from tests.cast import Person
from tests.dashboards.revenue import NOW, add_revenue, computed, connect
from tests.dashboards.test_statements import statements
from tests.metrics.exchange.files import monthly, stored

URL = "/o/acme/"
RATES = {"jul": "0.5", "aug": "0.8", "sep": "0.9", "oct": "1", "now": "0.5"}


@pytest.fixture(autouse=True)
def _business(organization: Organization) -> Iterator[None]:
    """Give the organization the same revenue in euros and in dollars: 10,000, then 11,400, then 3.33 more."""
    with clock.set_now(NOW):
        connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
        key = computed(organization)
        for currency in ("eur", "usd"):
            add_revenue(organization, key, currency)
        yield


def page(person: Person, query: str = "") -> str:
    response = person.client.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def cells(html: str, kind: str) -> list[str]:
    """Return one column of the waterfall, latest month first."""
    found = re.findall(rf'data-cell="{kind}">(.*?)\s*</td>', html)
    return [re.sub("<.*?>", "", one) for one in found]


def test_movements_take_the_opening_rate_and_the_rest_is_the_column_currency(
    owner: Person, organization: Organization
) -> None:
    stored(organization.id, monthly("eur/usd", **RATES))
    html = page(owner, "?in=usd&month=2026-10")
    assert cells(html, "ending") == ["$22,806.67", "$21,660.00", "$18,000.00"]
    assert cells(html, "new") == ["$0.00", "$2,700.00", "$15,000.00"]
    assert cells(html, "churn") == ["$0.00", "$900.00", "$0.00"]
    assert cells(html, "currency") == ["+$1,140.33", "+$1,140.00", "+$3,000.00"]
    assert ">Currency</th>" in html
    assert "€" not in re.sub(r'id="alerts.*', "", html, flags=re.DOTALL)


def test_constant_rates_remove_the_column(owner: Person, organization: Organization) -> None:
    stored(organization.id, monthly("eur/usd", **RATES))
    html = page(owner, "?in=usd&month=2026-10&constant=1")
    assert cells(html, "ending") == ["$22,806.67", "$22,800.00", "$20,000.00"]
    assert cells(html, "currency") == []
    assert "by the rates that closed October 2026" in html


def test_the_plans_of_every_currency_share_the_month(owner: Person, organization: Organization) -> None:
    stored(organization.id, monthly("eur/usd", **RATES))
    html = page(owner, "?in=usd&month=2026-09")
    mix = html[html.index("mix-heading") :]
    amounts = re.findall(r'<td class="number">(?:<a.*?>)?\$([\d,.]+)<', mix[: mix.index("waterfall")])
    assert sum(float(one.replace(",", "")) for one in amounts) == 21_660.00


def test_the_rates_behind_a_figure_are_told_with_day_and_source(
    owner: Person, organization: Organization
) -> None:
    stored(organization.id, monthly("usd/eur", jul="1.6", aug="1.6", sep="1.6", oct="1.6", now="1.6"))
    html = page(owner, "?in=usd&month=2026-10")
    used = re.sub(r"<.*?>|\s+", " ", html[html.index("rates-used-table") :])
    used = re.sub(r" +", " ", used)
    assert "October 2026 EUR → USD 0.625 30 Sept 2026, 1 USD = 1.6 EUR (uploaded)" in used
    assert "0.625 30 Oct 2026" in used


def test_a_missing_rate_is_named_with_day_and_pair_and_the_way_to_add_it(
    owner: Person, organization: Organization
) -> None:
    stored(organization.id, monthly("eur/usd", jul="0.5", aug="0.8", oct="1"))
    html = page(owner, "?in=usd&month=2026-10")
    assert "There is no exchange rate from EUR to USD for 30 September 2026" in html
    assert 'href="/o/acme/audit/rates/"' in html
    assert 'data-figure="mrr"' not in html
    assert 'href="?month=2026-10&amp;currency=eur&amp;span=12"' in html
    assert "data-figure" in page(owner, "?in=usd&month=2026-08")


def test_the_picker_leads_to_all_currencies_and_back(owner: Person, organization: Organization) -> None:
    html = page(owner, "?month=2026-10")
    assert 'href="?month=2026-10&amp;in=usd&amp;span=12"' in html
    assert "All in USD" in html
    stored(organization.id, monthly("eur/usd", **RATES))
    html = page(owner, "?month=2026-10&in=usd&span=6")
    assert 'href="?month=2026-09&amp;in=usd&amp;span=6"' in html
    assert 'href="?month=2026-10&amp;in=usd&amp;constant=1&amp;span=6"' in html
    assert 'href="?month=2026-10&amp;currency=eur&amp;span=6"' in html


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?in=EUR", 400, "three small letters"),
        ("?in=xyz", 404, "XYZ is not a currency."),
        ("?in=usd&constant=yes", 400, "constant=1"),
        ("?in=usd&month=2026-07", 404, "They run from August 2026 to November 2026."),
    ],
)
def test_an_address_that_asks_for_no_currency_says_what_would(
    owner: Person, query: str, status: int, words: str
) -> None:
    response = owner.client.get(URL + query)
    assert (response.status_code, words in response.content.decode()) == (status, True)


def test_the_page_asks_no_more_than_one_statement_for_its_rates(
    owner: Person, organization: Organization
) -> None:
    stored(organization.id, monthly("eur/usd", **RATES))
    plain = statements(owner, URL + "?month=2026-10")
    asked = statements(owner, URL + "?in=usd&month=2026-10")
    assert len(asked) == len(plain) + 1, "\n".join(asked)


@pytest.mark.parametrize("tab", ["bridge", "clean", "excluded"])
def test_an_audit_page_neither_offers_all_currencies_in_one_nor_shows_one_as_all(
    owner: Person, tab: str
) -> None:
    answer = owner.client.get(f"{URL}audit/{tab}/?in=jpy")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "All in" not in html
    assert re.search(r'id="currency-usd"[^>]*aria-current="true"', html)
