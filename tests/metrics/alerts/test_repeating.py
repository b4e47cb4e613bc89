"""Evaluations that repeat at random, tasks that repeat, workers that die: each message once, none lost."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial

import pytest
from pytest_django import Settings

from accounts import outbox
from accounts.jobs import MORE
from accounts.models import Organization, Outbox, Role
from accounts.tenancy import tenant
from config.clock import set_now
from metrics.alerts.models import Alert, AlertEvaluation
from metrics.jobs import evaluate_alerts
from tests.cast import Person, member
from tests.mail_server import Inbox
from tests.metrics.alerts.business import base, days, judge_now, leaving, noon, write
from tests.metrics.alerts.crashing import Crash, CrashingBackend
from tests.processes import Worker
from tests.soak import sized

LOSS = date(2026, 9, 8)
PEOPLE = 12


def live_on(organization: Organization, on: date, dice: random.Random, times: int) -> None:
    """Judge one day again and again, dying now and then before anything is kept, and deliver."""
    told = [*base(100), *leaving(0, 5, LOSS)]
    with set_now(noon(on)):
        write(organization, [one for one in told if one.on <= on], noon(on))
        for _ in range(times):
            with suppress(Crash):
                act(organization, dice)


def act(organization: Organization, dice: random.Random) -> None:
    deed = dice.randrange(5)
    if deed == 0:
        evaluate_alerts(organization.id, "")
    elif deed == 1:
        with tenant(organization.id):
            judge_now(organization)
            raise Crash
    elif deed == 2:
        with tenant(organization.id):
            AlertEvaluation.objects.all().delete()
            judge_now(organization)
    else:
        outbox.deliver(organization.id, "")


@pytest.mark.soak
def test_random_repeats_and_deaths_tell_each_thing_once(
    inbox: Inbox, organization: Organization, owner: Person, settings: Settings, record_property: object
) -> None:
    times = sized(60, 1_000)
    dice, CrashingBackend.dice = random.Random(5), random.Random(6)
    evaluate_on = [*days(LOSS, 4), *days(LOSS + timedelta(days=29), 4)]
    settings.EMAIL_BACKEND = "tests.metrics.alerts.crashing.CrashingBackend"
    for on in evaluate_on:
        live_on(organization, on, dice, times // len(evaluate_on))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with set_now(noon(evaluate_on[-1])):
        evaluate_alerts(organization.id, "")
        while outbox.deliver(organization.id, "") is MORE:
            pass
    with tenant(organization.id):
        spans = [(one.fired_on, one.recovered_on) for one in Alert.objects.filter(rule="revenue_churn")]
        assert not Outbox.objects.filter(sent_at=None, dropped="").exists()
    assert spans == [(LOSS + timedelta(days=2), LOSS + timedelta(days=31))]
    ids = {(str(one["Subject"]), one["Message-ID"]) for one in inbox.messages}
    churn = Counter(subject for subject, _ in ids if subject.startswith("Revenue churn"))
    assert sorted(churn.values()) == [1, 1], churn
    record_property("messages taken twice", len(inbox.messages) - len(ids))  # type: ignore[operator]


@pytest.mark.soak
def test_a_killed_worker_loses_no_message_and_repeats_one_at_most(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    people = [owner, *(member(f"{n}@acme.example", organization, Role.VIEWER) for n in range(PEOPLE))]
    worker = Worker()
    worker.start()
    try:
        with tenant(organization.id):
            outbox.put(organization.id, [one.user.pk for one in people], "test", "test:1")
        kills = sized(1, 4)
        for number in range(kills):
            wait(partial(has, inbox, 1 + 3 * number))
            worker.kill()
            worker.start()
        wait(lambda: sent(organization) == len(people))
    finally:
        worker.stop()
    taken = Counter(one["Message-ID"] for one in inbox.messages)
    assert {str(one["To"]) for one in inbox.messages} == {one.email for one in people}
    assert len(taken) == len(people)
    assert sum(taken.values()) <= len(people) + kills


def has(inbox: Inbox, count: int) -> bool:
    return len(inbox.messages) >= count


def sent(organization: Organization) -> int:
    with tenant(organization.id):
        return Outbox.objects.exclude(sent_at=None).count()


def wait(reached: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
