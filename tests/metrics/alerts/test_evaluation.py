"""Judging an organization's rules: what fires, what is written once, and what stays silent."""

from datetime import date, timedelta
from itertools import count

import pytest

from accounts.models import Organization, Outbox
from accounts.tenancy import tenant
from billing_sync.models import Connection, SyncCursor
from config.clock import set_now
from metrics.alerts import versions
from metrics.alerts.models import Acknowledgement, Alert, AlertEvaluation, MailPreference
from metrics.models import CurrentBuild
from tests.cast import Person
from tests.metrics.alerts.business import Told, base, days, judge_now, leaving, noon, write

LOSS = date(2026, 9, 10)


def judge(organization: Organization, told: list[Told], on: date) -> list[Alert]:
    """Sync and judge at noon of a day, knowing what happened by then; return every alert so far."""
    at = noon(on)
    with set_now(at):
        write(organization, [one for one in told if one.on <= on], at)
        with tenant(organization.id):
            judge_now(organization)
            return list(Alert.objects.order_by("fired_on", "rule"))


def sent(organization: Organization) -> list[tuple[str, str]]:
    with tenant(organization.id):
        rows = Outbox.objects.order_by("created_at", "id")
        return [(one.kind, one.recipient.email if one.recipient else "") for one in rows]


def recovering() -> list[Told]:
    """Return a business of 100 that loses five customers on one day and then nobody."""
    return [*base(100), *leaving(0, 5, LOSS)]


def test_churn_fires_on_the_second_midnight_and_recovers_when_it_has_left_the_window(
    organization: Organization, owner: Person
) -> None:
    found: list[Alert] = []
    for on in days(LOSS, 40):
        found = judge(organization, recovering(), on)
    churn = [one for one in found if one.rule == "revenue_churn"]
    assert [(one.fired_on, one.recovered_on) for one in churn] == [
        (LOSS + timedelta(days=2), LOSS + timedelta(days=31))
    ]
    assert [kind for kind, _ in sent(organization)].count("alert") == len(found)
    assert ("recovery", owner.email) in sent(organization)


def test_an_alert_keeps_the_rows_behind_it(organization: Organization) -> None:
    judge(organization, recovering(), LOSS + timedelta(days=1))
    alert = judge(organization, recovering(), LOSS + timedelta(days=2))[0]
    assert (alert.value, alert.threshold) == ("1/20", "3/100")
    assert (alert.evidence["count"], alert.evidence["customers"]) == (5, 100)
    assert {row["customer"] for row in alert.evidence["rows"]} == {f"cus_{n}" for n in range(5)}


def test_a_customer_who_left_twice_is_counted_once(organization: Organization) -> None:
    back = [Told(LOSS - timedelta(days=3), "reactivation", "cus_0", 1_000_000)]
    told = [*leaving(0, 1, LOSS - timedelta(days=5)), *back, *recovering()]
    judge(organization, told, LOSS + timedelta(days=1))
    alert = judge(organization, told, LOSS + timedelta(days=2))[0]
    assert (alert.rule, alert.evidence["count"], alert.evidence["found"]) == ("revenue_churn", 5, 6)
    assert len(alert.evidence["rows"]) == 6


def test_days_that_nobody_judged_are_judged_in_their_order(organization: Organization) -> None:
    judge(organization, recovering(), LOSS - timedelta(days=1))
    found = judge(organization, recovering(), LOSS + timedelta(days=20))
    assert [one.fired_on for one in found if one.rule == "revenue_churn"] == [LOSS + timedelta(days=2)]


def test_judging_again_says_nothing_again(organization: Organization, owner: Person) -> None:
    for on in days(LOSS, 4):
        judge(organization, recovering(), on)
    said = sent(organization)
    for _ in range(5):
        judge(organization, recovering(), LOSS + timedelta(days=3))
    with tenant(organization.id), set_now(noon(LOSS + timedelta(days=3))):
        AlertEvaluation.objects.all().delete()
        judge_now(organization)
    assert sent(organization) == said


def test_unchanged_tables_are_not_looked_at_again(
    organization: Organization, django_assert_max_num_queries: object
) -> None:
    judge(organization, recovering(), LOSS)
    with tenant(organization.id), set_now(noon(LOSS)):
        before = AlertEvaluation.objects.get()
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            judge_now(organization)
        assert AlertEvaluation.objects.get().pk == before.pk


@pytest.mark.parametrize("trouble", ["stale", "importing"])
def test_what_is_not_known_through_midnight_is_not_judged(organization: Organization, trouble: str) -> None:
    judge(organization, recovering(), LOSS)
    on = LOSS + timedelta(days=2)
    write(organization, recovering(), noon(on))
    with tenant(organization.id), set_now(noon(on) + timedelta(hours=3)):
        if trouble == "importing":
            CurrentBuild.objects.update(data_through=noon(on) + timedelta(hours=3))
            Connection.objects.create(
                organization=organization, kind="restricted_key", state=Connection.State.IMPORTING
            )
        judge_now(organization)
        assert not Alert.objects.exists()
        assert AlertEvaluation.objects.get().silence == trouble
    fired = [one.fired_on for one in judge(organization, recovering(), on)]
    assert fired[:1] == ([on] if trouble == "stale" else [])


def test_an_account_without_events_is_judged_by_its_last_comparison(organization: Organization) -> None:
    judge(organization, recovering(), LOSS)
    on = LOSS + timedelta(days=2)
    write(organization, recovering(), noon(on))
    with tenant(organization.id), set_now(noon(on) + timedelta(hours=3)):
        for each in Connection.objects.all():
            SyncCursor.objects.create(
                organization=organization,
                connection_id=each.id,
                resource="events",
                state=SyncCursor.State.UNAVAILABLE,
            )
        judge_now(organization)
        assert [one.fired_on for one in Alert.objects.order_by("fired_on")][:1] == [on]
        assert AlertEvaluation.objects.get().silence == ""


def test_members_hear_what_they_asked_for(
    organization: Organization, owner: Person, teammate: Person
) -> None:
    with tenant(organization.id):
        MailPreference.objects.create(organization=organization, user=teammate.user, alerts=False)
        MailPreference.objects.create(organization=organization, user=owner.user, reminder_days=3)
    for on in days(LOSS, 10):
        judge(organization, recovering(), on)
    told = sent(organization)
    assert {address for _, address in told} == {owner.email}
    fired = {kind: [one for one, _ in told].count(kind) for kind in ("alert", "reminder")}
    assert fired["reminder"] == 2 * fired["alert"]


def test_an_acknowledged_alert_sends_no_reminder(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        MailPreference.objects.create(organization=organization, user=owner.user, reminder_days=1)
    for on in days(LOSS, 3):
        found = judge(organization, recovering(), on)
    with tenant(organization.id):
        for alert in found:
            Acknowledgement.objects.create(
                organization=organization, alert_id=alert.id, by=owner.user, at=noon(LOSS)
            )
    for on in days(LOSS + timedelta(days=3), 3):
        judge(organization, recovering(), on)
    assert "reminder" not in {kind for kind, _ in sent(organization)}


def test_a_rule_switched_off_ends_its_alert_without_a_word(organization: Organization, owner: Person) -> None:
    for on in days(LOSS, 3):
        judge(organization, recovering(), on)
    with tenant(organization.id):
        versions.set_rules(organization.id, {"revenue_churn_on": "false"}, by=owner.user)
    found = judge(organization, recovering(), LOSS + timedelta(days=3))
    churn = next(one for one in found if one.rule == "revenue_churn")
    assert churn.recovered_on == LOSS + timedelta(days=3)
    assert "recovery" not in {kind for kind, _ in sent(organization)}


def test_new_customers_alone_fire_nothing(organization: Organization) -> None:
    numbers = count(1_000)
    steady = [Told(on, "new", f"cus_{next(numbers)}", 1_000_000) for on in days(date(2025, 9, 1), 400)]
    assert judge(organization, [*base(100), *steady], date(2026, 9, 14)) == []
