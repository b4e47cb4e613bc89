"""Invented companies that trip each rule, read by a real sync and judged by the real job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.company import Company, scripted
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.stories.ordinary import Habits, Telling, first_item
from billing_sync.syncing import sync
from config.clock import set_now
from metrics.alerts.models import Alert, AlertEvaluation
from tests.billing_sync.accounts import connected
from tests.cast import Person
from tests.mail_server import Inbox

Arrival = tuple[Telling, datetime]
DAY = timedelta(days=1)
LOSS = date(2026, 10, 7)
OLD = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A rule, the customers who trip it, the day it must fire, and the day it must clear."""

    rule: str
    arrivals: Sequence[Arrival]
    fires_on: date
    clears_on: date


def at(on: date, hour: int = 9) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def seconds(on: date) -> int:
    return int(at(on).timestamp())


def subscribed(life: Life, seats: int = 1, term: str = "yearly") -> str:
    return subscribing.subscribe(life, [(life.catalog.prices[f"Team {term}"], seats)])


def staying(life: Life, habits: Habits) -> Story:
    """Subscribe and stay."""
    yield life.now + 60
    subscribed(life)


def leaving(on: date) -> Telling:
    def story(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        name = subscribed(life)
        yield seconds(on)
        subscribing.end(life, name)

    return story


def seats(before: int, after: int, on: date) -> Telling:
    def story(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        name = subscribed(life, before)
        yield seconds(on)
        changing.change(life, name, first_item(life, name).id, quantity=after)

    return story


def declined(on: date) -> Telling:
    """Have the renewal of a day declined once."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        subscribed(life, term="monthly")
        yield seconds(on - DAY)
        life.card_fails = True
        yield seconds(on + 2 * DAY)
        life.card_fails = False

    return story


def many(count: int, telling: Telling, first: datetime = OLD, apart: timedelta = DAY / 24) -> list[Arrival]:
    return [(telling, first + n * apart) for n in range(count)]


CASES = (
    Case(
        "revenue_churn",
        [*many(35, staying), *many(5, leaving(LOSS))],
        LOSS + 2 * DAY,
        LOSS + 31 * DAY,
    ),
    Case(
        "net_revenue_retention_low",
        [*many(4, staying), *many(12, seats(2, 1, LOSS))],
        LOSS + 2 * DAY,
        LOSS + 31 * DAY,
    ),
    Case(
        "failed_payments_rising",
        [*many(4, staying), *many(12, declined(LOSS), at(date(2026, 8, 7)), timedelta(minutes=1))],
        LOSS + 2 * DAY,
        LOSS + 31 * DAY,
    ),
    Case(
        # Thirteen a week for twelve weeks, then nobody for three, up to Monday 5 October.
        "new_mrr_flat",
        [
            *many(3, staying),
            *many(156, staying, at(date(2026, 6, 22), 1), timedelta(weeks=1) / 13),
        ],
        date(2026, 10, 6),
        date(2026, 10, 12),
    ),
    Case(
        "expansion_declining",
        [
            *many(14, seats(1, 2, date(2026, 7, 9))),
            *many(2, seats(1, 2, date(2026, 8, 9))),
        ],
        date(2026, 10, 2),
        date(2026, 11, 1),
    ),
    Case(
        # Fourteen a month from March to June, then nobody.
        "arr_growth_decelerating",
        [
            *many(12, staying, at(date(2026, 2, 2))),
            *(one for month in (3, 4, 5, 6) for one in many(14, staying, at(date(2026, month, 9)))),
        ],
        date(2026, 10, 2),
        date(2027, 1, 1),
    ),
)


@pytest.fixture
def account(case: Case) -> Iterator[tuple[Company, str]]:
    company = scripted(case.arrivals, at(case.fires_on - 2 * DAY, 12))
    with serve(company) as base_url:
        yield company, base_url


def judge(organization: Organization) -> None:
    """Let the job judge, and the outbox deliver."""
    jobs.enqueue(organization.id, "evaluate_alerts")
    jobs.run_until_idle(organization.id)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_each_rule_fires_on_its_day_and_clears_on_its_day(
    case: Case,
    account: tuple[Company, str],
    inbox: Inbox,
    organization: Organization,
    owner: Person,
) -> None:
    company, base_url = account
    with set_now(at(case.fires_on - 2 * DAY, 12)):
        connected(organization, base_url)
        judge(organization)
    assert fired(organization, case.rule) == []
    for on in (case.fires_on - DAY, case.fires_on, case.clears_on - DAY, case.clears_on):
        company.advance(int(at(on, 12).timestamp()))
        with set_now(at(on, 12)):
            if on == case.fires_on:
                judge(organization)
                assert (fired(organization, case.rule), silence(organization)) == ([], {"stale"})
            sync(organization.id)
            judge(organization)
        cleared = case.clears_on if on == case.clears_on else None
        assert fired(organization, case.rule) == ([] if on < case.fires_on else [(case.fires_on, cleared)]), (
            on
        )
    with tenant(organization.id):
        alerts = Alert.objects.count()
    subjects = [one for one in map(subject, inbox.messages) if not one.startswith(("MRR", "Acme:"))]
    first = [one for one in subjects if "back to normal" not in one]
    assert len(first) == alerts


def subject(message: EmailMessage) -> str:
    return str(message["Subject"])


def fired(organization: Organization, rule: str) -> list[tuple[date, date | None]]:
    with tenant(organization.id):
        return list(Alert.objects.filter(rule=rule).values_list("fired_on", "recovered_on"))


def silence(organization: Organization) -> set[str]:
    with tenant(organization.id):
        return set(AlertEvaluation.objects.values_list("silence", flat=True))
