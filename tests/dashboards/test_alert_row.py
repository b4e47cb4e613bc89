"""The alert row: six rules, each with its state, its figures in words, or why it says nothing."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, SyncCursor
from config import clock
from metrics import definitions
from metrics.alerts.rules import RULES
from tests.cast import Person
from tests.dashboards.business import Moved, failed, moved, summed
from tests.dashboards.revenue import NOW, add_revenue, computed, connect, reading

BEGAN = date(2026, 1, 5)
FOUNDERS: list[Moved] = [(BEGAN, "new", 100) for _ in range(20)]


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def company(organization: Organization, moves: list[Moved], **more: Any) -> Connection:
    """Give an organization revenue in euros whose movements are these."""
    connection = connect(
        organization, Connection.State.LIVE, **{"imported_at": NOW, "data_through": NOW, **more}
    )
    key = computed(organization, through=more.get("data_through", NOW))
    add_revenue(organization, key, "eur")
    moved(organization, key, "eur", moves)
    summed(organization, connection.id)
    return connection


def row(client: Client, query: str = "") -> dict[str, tuple[str, str]]:
    """Return each rule's level and its text."""
    html = client.get(f"/o/acme/{query}").content.decode()
    found = re.findall(r'data-alert="(\w+)" data-level="(\w+)">(.*?)</li>', html, re.DOTALL)
    return {rule: (level, words(text)) for rule, level, text in found}


def words(markup: str) -> str:
    """Return a cell's text without the panel of its definition."""
    shown = re.sub(r'<div class="definition.*?</div>', "", markup, flags=re.DOTALL)
    return " ".join(re.sub(r"<.*?>", " ", shown).split())


def test_all_six_rules_are_shown_with_their_words(owner: Person, organization: Organization) -> None:
    company(organization, FOUNDERS)
    rules = row(owner.client)
    assert list(rules) == list(RULES)
    assert rules["revenue_churn"][0] == "quiet"
    assert "OK 0.0% of MRR left in 30 days. Departures: 0. Alert above 3.0%." in rules["revenue_churn"][1]


def test_churn_above_its_limit_is_an_alert_with_its_departures(
    owner: Person, organization: Organization
) -> None:
    company(organization, [*FOUNDERS, (date(2026, 11, 2), "churn", 100)])
    level, text = row(owner.client)["revenue_churn"]
    assert level == "alert"
    assert "Alert 5.0% of MRR left in 30 days. Departures: 1." in text


def test_a_difference_that_may_be_chance_is_watched(owner: Person, organization: Organization) -> None:
    company(organization, [*FOUNDERS, (date(2026, 11, 2), "churn", 100)])
    level, text = row(owner.client)["net_revenue_retention_low"]
    assert level == "watch"
    assert "Watch 95.0% of the MRR of 30 days ago is still there." in text
    assert "The difference may be chance." in text


def test_new_mrr_below_its_threshold_says_why_that_is_no_alert(
    owner: Person, organization: Organization
) -> None:
    new = [
        (date(2026, 8, 20), "new", 2_000),
        (date(2026, 10, 10), "new", 50),
        (date(2026, 11, 3), "new", 100),
    ]
    company(organization, [*FOUNDERS, *new])
    level, text = row(owner.client)["new_mrr_flat"]
    assert level == "quiet"
    assert text.endswith("Alert below €410.00. The difference may be chance.")


def test_movements_of_today_wait_for_midnight(owner: Person, organization: Organization) -> None:
    company(organization, [*FOUNDERS, (NOW.date(), "churn", 100)])
    assert row(owner.client)["revenue_churn"][0] == "quiet"


def test_new_mrr_and_expansion_are_told_in_money(owner: Person, organization: Organization) -> None:
    expansions = [(date(2026, 8, 3), 30), (date(2026, 9, 3), 20), (date(2026, 10, 3), 10)]
    moves: list[Moved] = [*FOUNDERS, *((on, "expansion", amount) for on, amount in expansions)]
    company(organization, [*moves, (date(2026, 11, 3), "new", 40), (date(2026, 9, 8), "new", 400)])
    rules = row(owner.client)
    assert "€40.00 new in the last 3 complete weeks. Alert below €80.00." in rules["new_mrr_flat"][1]
    level, text = rules["expansion_declining"]
    assert level == "watch"
    assert "€10.00 expansion in October 2026. In August 2026 it was €30.00." in text


def test_a_yen_company_is_told_in_yen(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    add_revenue(organization, key, "jpy")
    moved(organization, key, "jpy", [*FOUNDERS, (date(2026, 11, 3), "new", 40)])
    assert "¥4,000 new in the last 3" in row(owner.client)["new_mrr_flat"][1]


def test_invoices_that_first_failed_are_counted_once(owner: Person, organization: Organization) -> None:
    connection = company(organization, FOUNDERS)
    for number in range(12):
        first = date(2026, 11, 1 + number)
        failed(organization, connection.id, f"in_{number}", first, first + timedelta(days=3))
    level, text = row(owner.client)["failed_payments_rising"]
    assert level == "alert"
    assert "12 invoices began to fail in 30 days; in the 30 before: 0. Customers: 20." in text


def test_a_retry_is_not_a_first_failure(owner: Person, organization: Organization) -> None:
    connection = company(organization, FOUNDERS)
    failed(organization, connection.id, "in_old", date(2026, 9, 1), date(2026, 10, 25))
    failed(organization, connection.id, "in_before", date(2026, 10, 1), date(2026, 11, 1))
    _, text = row(owner.client)["failed_payments_rising"]
    assert "0 invoices began to fail in 30 days" in text
    assert "in the 30 before: 1." in text


def test_failures_of_another_currency_or_account_are_not_counted(
    owner: Person, organization: Organization
) -> None:
    connection = company(organization, FOUNDERS)
    elsewhere = connect(organization, Connection.State.LIVE, imported_at=NOW, livemode=False)
    failed(organization, connection.id, "in_usd", date(2026, 11, 2), currency="usd")
    failed(organization, elsewhere.id, "in_test", date(2026, 11, 2))
    assert "0 invoices" in row(owner.client)["failed_payments_rising"][1]


def test_few_customers_are_too_early_to_say(owner: Person, organization: Organization) -> None:
    company(organization, FOUNDERS[:4])
    rules = row(owner.client)
    assert {level for level, _ in rules.values()} == {"insufficient"}
    assert "Too early to say Needs 10 customers. So far: 4." in rules["revenue_churn"][1]


def test_a_short_history_says_how_far_it_must_reach(owner: Person, organization: Organization) -> None:
    company(organization, [(date(2026, 8, 12), "new", 100) for _ in range(20)])
    level, text = row(owner.client)["arr_growth_decelerating"]
    assert level == "insufficient"
    assert "Needs history since 1 April 2026; it begins on 12 August 2026." in text


def test_charges_that_the_key_may_not_read_are_not_taken_for_none(
    owner: Person, organization: Organization
) -> None:
    connection = company(organization, FOUNDERS)
    cursor = reading(organization, connection, "charges", 0)
    with tenant(organization.id):
        SyncCursor.objects.filter(pk=cursor.pk).update(state=SyncCursor.State.UNAVAILABLE)
    level, text = row(owner.client)["failed_payments_rising"]
    assert level == "insufficient"
    assert "Needs a list that the key may not read: Charges." in text


@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(days=2)])
def test_stale_data_silence_every_rule(owner: Person, organization: Organization, age: timedelta) -> None:
    company(organization, [*FOUNDERS, (date(2026, 11, 2), "churn", 100)], data_through=NOW - age)
    rules = row(owner.client)
    assert {level for level, _ in rules.values()} == {"waiting"}
    assert "wait for data as new as that" in owner.client.get("/o/acme/").content.decode()


def test_an_archive_that_ends_before_midnight_is_silent(owner: Person, organization: Organization) -> None:
    connection = company(organization, FOUNDERS, data_through=NOW - timedelta(days=1))
    with tenant(organization.id):
        Connection.objects.filter(id=connection.id).update(kind=Connection.Kind.ARCHIVE)
    assert {level for level, _ in row(owner.client).values()} == {"waiting"}


def test_a_first_import_silences_every_rule(owner: Person, organization: Organization) -> None:
    company(organization, FOUNDERS)
    connect(organization, Connection.State.IMPORTING, account_name="Beta")
    assert {level for level, _ in row(owner.client).values()} == {"waiting"}
    assert "The rules wait for the import to end" in owner.client.get("/o/acme/").content.decode()


def test_thresholds_are_the_organizations_own(owner: Person, organization: Organization) -> None:
    with tenant(organization.id):
        definitions.set_definition(organization.id, {"revenue_churn_threshold": "0.06"})
    company(organization, [*FOUNDERS, (date(2026, 11, 2), "churn", 100)])
    level, text = row(owner.client)["revenue_churn"]
    assert level == "quiet"
    assert "Alert above 6.0%." in text
    assert "alert above 6.0%" in owner.client.get("/o/acme/").content.decode()


def test_an_earlier_month_shows_the_rules_as_they_stand_now(
    owner: Person, organization: Organization
) -> None:
    company(organization, [*FOUNDERS, (date(2026, 11, 2), "churn", 100)])
    assert row(owner.client, "?month=2026-09") == row(owner.client)
    assert "Through 20 November 2026" in owner.client.get("/o/acme/?month=2026-09").content.decode()
