"""The dashboard: every state, every bad address, everyone who may not see it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from tests.cast import Person
from tests.dashboards.revenue import NOW, add_revenue, computed, connect, reading, revenue

URL = "/o/acme/"


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(URL + query, headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


def figure(html: str, name: str) -> str:
    """Return the text of one figure of the snapshot."""
    found = re.search(rf'data-figure="{name}">(.*?)</p>', html, re.DOTALL)
    assert found, name
    return re.sub(r"<.*?>|\s", "", found[1])


def test_an_organization_without_a_connection_is_led_to_connect_one(owner: Person) -> None:
    html = page(owner.client)
    assert "Connect Stripe to see your recurring revenue" in html
    assert 'href="/o/acme/connections/new"' in html


def test_a_viewer_is_told_who_can_connect(teammate: Person) -> None:
    html = page(teammate.client)
    assert "An owner or an admin" in html
    assert "connections/new" not in html


def test_a_key_being_checked_is_followed(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.CHECKING)
    html = page(owner.client)
    assert "Checking the key" in html
    assert 'hx-trigger="every 1s"' in html


def test_a_refused_key_names_what_is_missing_and_how_to_add_it(
    owner: Person, organization: Organization
) -> None:
    lacking = {"invoices": {"state": "missing", "permission": "rak_invoice_read"}}
    connect(organization, Connection.State.REFUSED, error="It may not read invoices.", permissions=lacking)
    html = page(owner.client)
    assert "Stripe did not accept this key" in html
    assert "It may not read invoices." in html
    assert "rak_invoice_read" in html
    assert "hx-trigger" not in html


def test_an_import_shows_what_was_read_and_how_fast(owner: Person, organization: Organization) -> None:
    connection = connect(organization, Connection.State.IMPORTING)
    reading(organization, connection, "invoices", 12_400)
    html = page(owner.client)
    assert "Importing Acme SAS" in html
    assert "12,400" in html
    assert "1,240 a second" in html
    assert "Next: " in html
    assert 'hx-trigger="every 1s"' in html


def test_an_import_that_stopped_says_why(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.IMPORTING, error="Stripe answered 500 five times.")
    html = page(owner.client)
    assert "The import has stopped" in html
    assert "Stripe answered 500 five times." in html


def test_an_import_that_ended_waits_for_its_numbers(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW)
    html = page(owner.client)
    assert "the numbers are being computed" in html
    assert 'hx-trigger="every 1s"' in html


def test_an_account_without_paid_subscriptions_is_told_so(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW)
    computed(organization)
    html = page(owner.client)
    assert "No paid subscription yet" in html
    assert "hx-trigger" not in html


def test_a_month_shows_its_figures_and_those_before(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09")
    assert figure(html, "mrr") == "€11,400.00"
    assert figure(html, "arr") == "€136,800.00"
    assert figure(html, "net_new") == "+€1,400.00"
    assert figure(html, "revenue_churn_rate") == "5.0%"
    assert figure(html, "new") == "€1,500.00"
    assert figure(html, "expansion") == "€600.00"
    assert figure(html, "contraction") == "€200.00"
    assert figure(html, "churn") == "€500.00"
    assert "+14.0%" in html
    assert "€10,000.00 in Aug" in html


def test_an_undefined_rate_is_a_dash(owner: Person, organization: Organization) -> None:
    revenue(organization)
    assert figure(page(owner.client, "?month=2026-08"), "revenue_churn_rate") == "–"


def test_the_present_month_is_shown_unless_another_is_asked_for(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    html = page(owner.client)
    assert "<h1>November 2026</h1>" in html
    assert "the month so far" in html
    assert figure(html, "mrr") == "€11,403.33"


def test_every_figure_has_its_definition_beside_it(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client)
    shown = re.findall(r'data-(?:figure|alert)="(\w+)"', html)
    columns = {"mrr_growth_rate", "customers"}
    assert set(re.findall(r'popovertarget="definition-(\w+)"', html)) == {*shown, *columns}
    assert set(re.findall(r'id="definition-(\w+)" popover', html)) == {*shown, *columns}
    assert html.count("Definition version 1") >= len(shown) + len(columns) == 9 + 6 + 2


def test_the_footer_says_how_current_the_numbers_are(owner: Person, organization: Organization) -> None:
    revenue(organization)
    assert "21 November 2026, 12:00" in page(owner.client)


def test_plans_are_shown_by_their_share(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-09")
    assert "price_yearly" in html
    assert "87.7%" in html
    assert "12.3%" in html


@pytest.mark.parametrize("span", [6, 12])
def test_the_tables_hold_as_many_months_as_asked(
    owner: Person, organization: Organization, span: int
) -> None:
    revenue(organization, since=date(2024, 1, 1))
    html = page(owner.client, f"?span={span}")
    assert html.count('data-cell="ending"') == span


def test_the_tables_begin_with_the_first_month_that_had_revenue(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    assert page(owner.client, "?month=2026-10").count('data-cell="ending"') == len(("Aug", "Sep", "Oct"))


def test_a_first_month_is_shown_alone(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = page(owner.client, "?month=2026-08")
    assert figure(html, "mrr") == "€10,000.00"
    assert "ARR is €120,000.00 in August 2026." in html


def test_numbers_of_zero_decimal_currencies_have_no_decimals(
    owner: Person, organization: Organization
) -> None:
    revenue(organization, currency="jpy")
    assert figure(page(owner.client, "?month=2026-09"), "mrr") == "¥1,140,000"


def test_numbers_of_three_decimal_currencies_have_three(owner: Person, organization: Organization) -> None:
    revenue(organization, currency="kwd")
    assert figure(page(owner.client, "?month=2026-09"), "mrr") == "KWD1,140.000"


def test_each_currency_has_its_own_page(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    add_revenue(organization, key, "eur")
    add_revenue(organization, key, "jpy")
    html = page(owner.client, "?month=2026-09&currency=jpy")
    assert figure(html, "mrr") == "¥1,140,000"
    assert "currency=eur" in html


def test_stale_numbers_are_shown_with_their_age(owner: Person, organization: Organization) -> None:
    revenue(organization, through=NOW - timedelta(hours=3))
    html = page(owner.client)
    assert "These numbers are 3\xa0hours old." in html
    assert 'data-figure="mrr"' in html


def test_fresh_numbers_carry_no_warning(owner: Person, organization: Organization) -> None:
    revenue(organization, through=NOW - timedelta(minutes=5))
    assert "hours old" not in page(owner.client)


def test_a_revoked_key_warns_above_the_numbers_it_left(owner: Person, organization: Organization) -> None:
    revenue(organization)
    with tenant(organization.id):
        Connection.objects.update(state=Connection.State.REVOKED, error="The key was rolled in Stripe.")
    html = page(owner.client)
    assert "Acme SAS is not being read." in html
    assert "The key was rolled in Stripe." in html
    assert 'data-figure="mrr"' in html


def test_a_second_import_leaves_the_first_numbers_in_view(owner: Person, organization: Organization) -> None:
    revenue(organization)
    connect(organization, Connection.State.IMPORTING, account_name="Beta")
    html = page(owner.client)
    assert "Beta is being imported." in html
    assert 'data-figure="mrr"' in html


def test_a_teammate_sees_the_numbers(teammate: Person, organization: Organization) -> None:
    revenue(organization)
    assert figure(page(teammate.client, "?month=2026-09"), "mrr") == "€11,400.00"


def test_strangers_and_other_owners_find_nothing(
    stranger: Person, other_owner: Person, organization: Organization
) -> None:
    revenue(organization)
    for person in (stranger, other_owner):
        response = person.client.get(URL)
        assert response.status_code == 404
        assert "There is nothing here" in response.content.decode()


def test_a_visitor_is_asked_to_sign_in(client: Client, organization: Organization) -> None:
    response = client.get(URL)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_page_cannot_be_written_to(owner: Person) -> None:
    assert owner.client.post(URL).status_code == 405
