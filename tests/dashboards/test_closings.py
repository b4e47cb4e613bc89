"""Closing a month on its page, the month as published beside what it is now, and the ledger."""

import json
import re
from datetime import date, timedelta
from typing import Any

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config.clock import set_now
from metrics.build.write import Build
from metrics.models import CurrentBuild, MonthlyRevenue
from metrics.restating.checking import after_increment
from metrics.restating.entries import enter
from metrics.restating.models import ClosedMonth, Restatement
from tests.cast import Person
from tests.dashboards.revenue import EURO, NOW, revenue
from tests.dashboards.test_statements import statements

MONTHS = "/o/acme/audit/months/"


def shown(somebody: Person, url: str = MONTHS, **query: Any) -> str:
    with set_now(NOW):
        answer = somebody.client.get(url, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def close(owner: Person, month: str) -> str:
    with set_now(NOW):
        return owner.client.post(f"{MONTHS}{month}/closure").headers["Location"]


def late_churn(organization: Organization) -> None:
    """Let September turn out to have lost more than was known."""
    with tenant(organization.id), set_now(NOW):
        MonthlyRevenue.objects.filter(month=date(2026, 9, 1)).update(churn_micro=700 * EURO)
        pointer = CurrentBuild.objects.get()
        after_increment(Build(organization.id, pointer.definition_version, pointer.build), {})


def test_a_past_month_is_closed_and_stands_as_published(owner: Person, organization: Organization) -> None:
    revenue(organization)
    assert "Close September 2026" in shown(owner)
    assert close(owner, "2026-09") == f"{MONTHS}2026-09"
    page = shown(owner, f"{MONTHS}2026-09")
    assert "Published, version 1" in page
    assert f"Closed by {owner.email}" in page
    assert "Close September 2026" not in shown(owner)
    assert close(owner, "2026-09") == MONTHS
    assert "This month is closed already." in shown(owner)


def test_a_later_change_stands_beside_what_was_published_once(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    close(owner, "2026-09")
    late_churn(organization)
    late_churn(organization)
    page = shown(owner, f"{MONTHS}2026-09")
    assert re.search(r'<td class="number">€500.00</td> <td class="number"><a [^>]+>€700.00</a>', page)
    assert "Stripe told it later" in page
    with tenant(organization.id):
        entry = Restatement.objects.get()
    detail = shown(owner, f"/o/acme/audit/restatements/{entry.id}")
    assert "September 2026" in detail
    assert "€700.00" in detail
    model = json.loads(owner.client.get(f"{MONTHS}2026-09.json").content)["currencies"][0]
    sides = [model[side]["recurring_revenue"]["churned_mrr_micro"] for side in ("published", "restated")]
    assert sides == [500 * EURO, 700 * EURO]
    assert "restated since" in shown(owner)


def test_a_month_is_not_closed_while_data_are_behind(owner: Person, organization: Organization) -> None:
    revenue(organization)
    with tenant(organization.id):
        Connection.objects.update(data_through=NOW - timedelta(hours=2))
    assert "not up to date and complete" in shown(owner)
    close(owner, "2026-09")
    with tenant(organization.id):
        assert not ClosedMonth.objects.exists()


def test_the_present_month_and_words_are_no_months_to_close(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    for month in ("2026-11", "2026-12", "9999-12"):
        close(owner, month)
        assert "This month has not ended yet." in shown(owner)
    for path in ("september", "2026-13", "2026-08", "september.json", "2026-08.json"):
        assert owner.client.get(f"{MONTHS}{path}").status_code == 404
    assert owner.client.post(f"{MONTHS}september/closure").status_code == 404


def test_the_own_currency_goes_first_then_the_largest(owner: Person, organization: Organization) -> None:
    revenue(organization)
    with tenant(organization.id):
        key = MonthlyRevenue.objects.values("organization_id", "definition_version", "build")[0]
        for currency, amount in (("chf", 9), ("aud", 7), ("usd", 8)):
            MonthlyRevenue.objects.create(
                **key, currency=currency, month=date(2026, 8, 1), new_micro=amount * 10**6 * EURO
            )
    close(owner, "2026-09")
    for url in (MONTHS, f"{MONTHS}2026-09"):
        found = re.findall(r"\b([A-Z]{3})</(?:h2|span)>", shown(owner, url))
        assert found == ["USD", "CHF", "AUD", "EUR"]


def test_a_viewer_sees_months_and_no_way_to_close_them(teammate: Person, organization: Organization) -> None:
    revenue(organization)
    assert "Close September 2026" not in shown(teammate)


def test_the_ledger_goes_by_pages_newest_first_and_all_asks_little(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    close(owner, "2026-09")
    for number in range(30):
        with tenant(organization.id), set_now(NOW + timedelta(minutes=number)):
            detail = {"customers": number, "subscriptions": 0}
            enter(organization.id, "late_event", [], version=1, detail=detail)
    page = shown(owner, "/o/acme/audit/restatements/")
    assert "customers: 29," in page
    assert "customers: 4," not in page
    older = page.split("?before=")[1].split('"')[0]
    first = json.loads(shown(owner, "/o/acme/audit/restatements.json"))
    assert [one["detail"]["customers"] for one in first["restatements"]] == [*range(29, 4, -1)]
    assert first["before"] == older
    rest = json.loads(shown(owner, "/o/acme/audit/restatements.json", before=older))
    assert (len(rest["restatements"]), rest["before"]) == (5, None)
    assert "customers: 4," in shown(owner, "/o/acme/audit/restatements/", before=older)
    assert "customers: 29," in shown(owner, "/o/acme/audit/restatements/", before="nonsense")
    with set_now(NOW):
        for url in (MONTHS, f"{MONTHS}2026-09", "/o/acme/audit/restatements/"):
            asked = statements(owner, url)
            assert len(asked) <= 12, "\n".join(asked)
