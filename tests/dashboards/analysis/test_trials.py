"""Trials against what the invented company knows of them, and as pages."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from html import unescape
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from accounts.tenancy import tenant
from config.clock import set_now
from metrics import queries
from metrics.core.intervals import local_day
from metrics.models import Trial
from metrics.periods import month_of
from metrics.trials import reading
from tests.dashboards.analysis.conftest import ZONE, Business
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/trials/"
Told = dict[str, tuple[date, str, int | None]]


def known(business: Business) -> Told:
    """Return by subscription the day its trial began, what became of it, and the days until it was paid."""
    found: Told = {}
    ledgers = {life.customer.id: life.ledger.rows for life in business.company.lives}
    for one in business.company.book.all("subscription"):
        if one.trial_start is None:
            continue
        rows = [row for item in one.items for row in ledgers[one.customer].get(item.id, []) if row.mrr_micro]
        paid = min((row.from_at for row in rows), default=None)
        if paid is not None and paid < one.trial_start:
            continue
        on = day(one.trial_start)
        if paid is not None:
            found[one.id] = (on, "converted", (day(paid) - on).days)
        else:
            states = {"trialing": "running", "active": "waiting", "past_due": "waiting"}
            found[one.id] = (on, states.get(one.status, "ended"), None)
    return found


def day(at: int) -> date:
    return local_day(at, ZoneInfo(ZONE))


def test_every_trial_is_what_the_company_knows_of_it(business: Business) -> None:
    with tenant(business.organization.id):
        stored = {one.subscription_id: (one.started_on, one.state, one.days) for one in Trial.objects.all()}
    assert stored == known(business)
    assert {state for _, state, _ in stored.values()} >= {"converted", "ended", "running"}


def test_a_month_s_rate_leaves_out_what_has_no_outcome_yet(business: Business) -> None:
    told: dict[date, list[tuple[str, int | None]]] = defaultdict(list)
    for on, state, days in known(business).values():
        told[month_of(on)].append((state, days))
    with set_now(NOW), tenant(business.organization.id):
        shown = queries.shown(business.organization.id)
        months = reading.months(shown, "usd", date(2020, 1, 1))
    assert {one.month for one in months} == set(told)
    for one in months:
        states = [state for state, _ in told[one.month]]
        decided = states.count("converted") + states.count("ended")
        assert one.started == len(states)
        assert one.rate == (None if not decided else pytest.approx(states.count("converted") / decided))
        lengths = [length for _, length in told[one.month] if length is not None]
        assert one.median_days == (median(lengths) if lengths else None)


def test_running_trials_are_worth_what_they_would_count(business: Business) -> None:
    catalog = {one.id: one for one in business.company.book.all("price")}
    with set_now(NOW), tenant(business.organization.id):
        running = Trial.objects.filter(state="running")
        shown = queries.shown(business.organization.id)
        summed = reading.running(shown, "usd", datetime.now(ZoneInfo(ZONE)) + timedelta(days=9_999))
        assert summed.worth_micro == sum(one.worth_micro for one in running)
        records = {one.id: one for one in business.company.book.all("subscription")}
        for one in running:
            record = records[one.subscription_id]
            (item,) = record.items
            price = catalog[one.plan]
            assert (price.interval, price.interval_count) == ("month", 1)
            assert one.worth_micro == int(price.unit_amount) * item.quantity * 1_000_000
            assert one.ends_at is not None
            assert int(one.ends_at.timestamp()) == record.trial_end
        assert running


def test_every_count_opens_its_trials(business: Business) -> None:
    with set_now(NOW):
        found = numbers(page(business.owner.client, URL))
        assert len(found) > 20
        for one in [*found[:3], *found[3::6]]:
            held_against_its_rows(business.owner.client, one)


def test_the_pages_ask_little(business: Business) -> None:
    with set_now(NOW):
        for asked in ("", "customers/?state=running", "customers/?month=2026-06"):
            told = statements(business.owner, URL + asked)
            assert len(told) <= 12, asked + "\n" + "\n".join(told)
        assert "too few to say" in page(business.owner.client, URL)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?currency=dollars", "three small letters"),
        ("customers/?state=lost", "state is one of converted"),
        ("customers/?month=June", "A month is written as 2026-10"),
        ("customers/?after=[]", "no place in the list"),
        ('customers/?after=["2026-01-01","1","2","3"]', "no place in the list"),
    ],
)
def test_a_bad_address_says_what_would_be_right(business: Business, asked: str, words: str) -> None:
    response = business.owner.client.get(URL + asked)
    assert response.status_code == 400
    assert words in unescape(response.content.decode())
