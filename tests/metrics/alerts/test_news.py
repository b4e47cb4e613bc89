"""What is news and what is history: first looks, late looks, lost currencies, reminders, large movements."""

from datetime import date, timedelta

import pytest

from accounts.models import Organization, Outbox
from accounts.tenancy import tenant
from config.clock import set_now
from metrics.alerts.acknowledging import acknowledge
from metrics.alerts.models import Alert, MailPreference
from metrics.alerts.notices import is_large
from metrics.jobs import evaluate_alerts
from metrics.models import CurrentBuild, DailyRevenue, MonthlyRevenue, Movement
from tests.cast import Person
from tests.metrics.alerts.business import Told, base, days, judge_now, leaving, noon, write
from tests.metrics.alerts.test_evaluation import judge, sent

LOSS = date(2026, 9, 10)
TOLD = [*base(100), *leaving(0, 5, LOSS)]


def churn(organization: Organization) -> Alert:
    with tenant(organization.id):
        return Alert.objects.get(rule="revenue_churn", currency="usd")


@pytest.mark.parametrize(("after", "fired"), [(20, 1), (60, 0)])
def test_a_first_look_fires_what_is_true_now_and_nothing_of_the_past(
    organization: Organization, owner: Person, after: int, fired: int
) -> None:
    on = LOSS + timedelta(days=after)
    assert [one.fired_on for one in judge(organization, TOLD, on)] == [on] * fired
    with set_now(noon(on)):
        evaluate_alerts(organization.id, "")
    assert "movement" not in {kind for kind, _ in sent(organization)}


def test_a_rebuild_says_nothing_again(organization: Organization, owner: Person) -> None:
    for on in days(LOSS, 4):
        judge(organization, TOLD, on)
    before = sent(organization)
    with tenant(organization.id), set_now(noon(on) + timedelta(minutes=9)):
        for model in (Movement, DailyRevenue, MonthlyRevenue):
            model.objects.update(build=2)
        CurrentBuild.objects.update(build=2, computed_at=noon(on) + timedelta(minutes=5))
        judge_now(organization)
    assert sent(organization) == before


def test_an_alert_of_a_currency_that_is_gone_ends_without_a_word(
    organization: Organization, owner: Person
) -> None:
    for on in days(LOSS, 3):
        judge(organization, TOLD, on)
    with tenant(organization.id), set_now(noon(on) + timedelta(minutes=9)):
        for model in (Movement, DailyRevenue, MonthlyRevenue):
            model.objects.update(currency="eur")
        CurrentBuild.objects.update(computed_at=noon(on) + timedelta(minutes=5))
        judge_now(organization)
    assert churn(organization).recovered_on == on
    assert "recovery" not in {kind for kind, _ in sent(organization)}


def test_an_alert_ends_without_a_word_when_every_customer_has_left(
    organization: Organization, owner: Person
) -> None:
    gone = [*TOLD, *leaving(5, 95, LOSS + timedelta(days=3))]
    for on in days(LOSS, 5):
        judge(organization, gone, on)
    assert churn(organization).recovered_on == LOSS + timedelta(days=4)
    assert "recovery" not in {kind for kind, _ in sent(organization)}


def test_of_several_days_that_are_judged_at_once_the_last_alone_reminds(
    organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        MailPreference.objects.create(organization=organization, user=owner.user, reminder_days=3)
    for on in days(LOSS, 3):
        judge(organization, TOLD, on)
    judge(organization, TOLD, on + timedelta(days=10))
    with tenant(organization.id):
        keys = Outbox.objects.filter(kind="reminder", key__contains=str(churn(organization).id))
        assert [one.key[-10:] for one in keys] == [str(on + timedelta(days=9))]


def test_an_acknowledged_alert_still_tells_that_it_has_cleared(
    organization: Organization, owner: Person
) -> None:
    for on in days(LOSS, 3):
        judge(organization, TOLD, on)
    with tenant(organization.id), set_now(noon(on)):
        acknowledge(churn(organization), by=owner.user, until=None)
    judge(organization, TOLD, LOSS + timedelta(days=31))
    assert ("recovery", owner.email) in sent(organization)


def test_an_organization_without_members_is_judged_and_nobody_told(organization: Organization) -> None:
    for on in days(LOSS, 3):
        judge(organization, TOLD, on)
        with set_now(noon(on)):
            evaluate_alerts(organization.id, "")
    assert churn(organization).fired_on == on
    assert sent(organization) == []


@pytest.mark.parametrize("zone", ["America/Havana", "Australia/Lord_Howe", "America/Santiago", "Asia/Tehran"])
def test_a_day_is_the_organization_s_own_whatever_its_clocks_do(
    organization: Organization, owner: Person, zone: str
) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone=zone)
    told = [*base(100), *leaving(0, 5, date(2026, 10, 31))]
    for on in days(date(2026, 10, 31), 4):
        found = judge(organization, told, on)
    assert [one.fired_on for one in found if one.rule == "revenue_churn"] == [date(2026, 11, 2)]


@pytest.mark.parametrize(
    ("currency", "minor", "large"),
    [
        ("usd", 50_000, True),
        ("usd", 49_999, False),
        ("jpy", 500, True),
        ("jpy", 499, False),
        ("kwd", 500_000, True),
        ("kwd", 499_999, False),
    ],
)
def test_an_amount_is_compared_in_the_decimals_of_its_currency(
    currency: str, minor: int, large: bool
) -> None:
    wanted = MailPreference(movements_above_minor=500 * 100)
    assert is_large(wanted, -minor * 1_000_000, currency) is large


def test_of_many_large_movements_of_a_day_the_largest_are_told(
    organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        MailPreference.objects.create(organization=organization, user=owner.user, movements_above_minor=1)
    raised = [Told(LOSS, "expansion", f"cus_{n}", (n + 1) * 1_000_000) for n in range(30)]
    write(organization, [*base(100), *raised], noon(LOSS))
    with set_now(noon(LOSS)):
        evaluate_alerts(organization.id, "")
    with tenant(organization.id):
        told = Outbox.objects.filter(kind="movement").values_list("key", flat=True)
        assert {key.rpartition(":")[2] for key in told} == {f"cus_{n}" for n in range(10, 30)}
