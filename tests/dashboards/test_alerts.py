"""The alerts page, one alert's page, acknowledging, and a rule's page with its back-test."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.test import Client

from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from config.clock import set_now
from metrics.alerts import versions
from metrics.alerts.models import Acknowledgement, Alert
from metrics.models import DailyRevenue, MonthlyRevenue
from tests.cast import Person
from tests.dashboards.test_statements import statements
from tests.metrics.alerts.business import base, days, judge_now, leaving, noon, write

LOSS = date(2026, 9, 10)
NOW = noon(LOSS + timedelta(days=3))


@pytest.fixture
def alert(organization: Organization) -> Alert:
    """Let the organization lose five of its hundred customers, and fire."""
    told = [*base(100), *leaving(0, 5, LOSS)]
    for on in days(LOSS, 4):
        with set_now(noon(on)):
            write(organization, [one for one in told if one.on <= on], noon(on))
            with tenant(organization.id):
                judge_now(organization)
    with tenant(organization.id):
        return Alert.objects.get(rule="revenue_churn")


def page(client: Client, path: str, **query: Any) -> str:
    with set_now(NOW):
        answer = client.get(path, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_alerts_page_lists_what_fired(owner: Person, alert: Alert) -> None:
    shown = page(owner.client, "/o/acme/alerts/")
    assert "Revenue churn" in shown
    assert "5.0%" in shown
    assert f"/o/acme/alerts/{alert.id}" in shown
    assert "/o/acme/alerts/rules/revenue_churn" in shown


def test_a_viewer_sees_alerts_but_no_way_to_change_rules(teammate: Person, alert: Alert) -> None:
    shown = page(teammate.client, "/o/acme/alerts/")
    assert f"/o/acme/alerts/{alert.id}" in shown
    assert "/o/acme/alerts/rules/" not in shown
    assert "Acknowledge" not in page(teammate.client, f"/o/acme/alerts/{alert.id}")


def test_an_alert_shows_its_rows_and_how_much_is_one_customer(owner: Person, alert: Alert) -> None:
    shown = page(owner.client, f"/o/acme/alerts/{alert.id}")
    assert "5 customers left, of 100. The largest is 1.0 points." in shown
    assert [f"cus_{n}" in shown for n in range(6)] == [True] * 5 + [False]


def test_an_alert_is_acknowledged_once_seen(owner: Person, organization: Organization, alert: Alert) -> None:
    with set_now(NOW):
        owner.client.post(f"/o/acme/alerts/{alert.id}/acknowledgement", {"days": "7"})
    with tenant(organization.id):
        assert Acknowledgement.objects.get().until == NOW.date() + timedelta(days=7)
        assert AuditEntry.objects.get(action="alert.acknowledged").actor == owner.user
    shown = page(owner.client, f"/o/acme/alerts/{alert.id}")
    assert f"Acknowledged by {owner.email}, until 20 September 2026." in shown


def test_an_absurd_acknowledgement_changes_nothing(
    owner: Person, organization: Organization, alert: Alert
) -> None:
    owner.client.post(f"/o/acme/alerts/{alert.id}/acknowledgement", {"days": "9999"})
    with tenant(organization.id):
        assert not Acknowledgement.objects.exists()


def test_a_rule_shows_when_it_would_have_fired_before_anything_is_saved(
    owner: Person, organization: Organization, alert: Alert
) -> None:
    path = "/o/acme/alerts/rules/revenue_churn"
    assert 'data-fired="1"' in page(owner.client, path)
    tried = page(owner.client, path, revenue_churn_threshold="6", revenue_churn_on="on", **{"try": "1"})
    assert 'data-fired="0"' in tried
    with tenant(organization.id):
        assert versions.latest(organization.id)[0] == 1


def test_a_saved_threshold_is_a_new_version(owner: Person, organization: Organization, alert: Alert) -> None:
    answer = owner.client.post(
        "/o/acme/alerts/rules/revenue_churn", {"revenue_churn_threshold": "6", "revenue_churn_on": "on"}
    )
    assert answer.status_code == 302
    with tenant(organization.id):
        version, settings = versions.latest(organization.id)
    assert (version, str(settings.revenue_churn_threshold)) == (2, "0.06")


@pytest.mark.parametrize("threshold", ["-1", "0", "101", "abc", ""])
def test_a_threshold_out_of_range_is_refused(
    owner: Person, organization: Organization, threshold: str
) -> None:
    answer = owner.client.post("/o/acme/alerts/rules/revenue_churn", {"revenue_churn_threshold": threshold})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    with tenant(organization.id):
        assert versions.latest(organization.id)[0] == 1


def test_a_rule_that_is_not_one_is_not_found(owner: Person) -> None:
    assert owner.client.get("/o/acme/alerts/rules/made_up").status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        "new_mrr_flat",
        "expansion_declining",
        "failed_payments_rising",
        "arr_growth_decelerating",
        "net_revenue_retention_low",
    ],
)
def test_every_rule_has_a_page(owner: Person, alert: Alert, rule: str) -> None:
    assert "data-fired" in page(owner.client, f"/o/acme/alerts/rules/{rule}")


def test_a_rule_that_is_off_shows_when_it_would_have_fired(
    owner: Person, organization: Organization, alert: Alert
) -> None:
    with tenant(organization.id):
        versions.set_rules(organization.id, {"revenue_churn_on": "false"}, by=owner.user)
    assert 'data-fired="1"' in page(owner.client, "/o/acme/alerts/rules/revenue_churn")


@pytest.mark.parametrize("path", ["", "{alert}", "rules/failed_payments_rising", "rules/revenue_churn"])
def test_the_alerts_ask_little(owner: Person, alert: Alert, path: str) -> None:
    with set_now(NOW):
        asked = statements(owner, "/o/acme/alerts/" + path.format(alert=alert.id))
    assert len(asked) <= 12, "\n".join(asked)


def test_every_currency_s_rules_are_read_at_once(
    owner: Person, organization: Organization, alert: Alert
) -> None:
    with tenant(organization.id):
        for table in (DailyRevenue, MonthlyRevenue):
            for one in table._default_manager.all():
                row = {**model_to_dict(one), "organization": organization, "currency": "eur"}
                table._default_manager.create(**row)
    with set_now(NOW):
        assert len(statements(owner, "/o/acme/alerts/")) <= 12
    shown = page(owner.client, "/o/acme/alerts/")
    assert "EUR" in shown
    assert "USD" in shown
