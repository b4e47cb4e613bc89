"""The hard cases of history in four time zones: every story, and instants that calendars make hard."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing_sync.sandbox import changing, subscribing, truth
from billing_sync.sandbox.company import Company, scenario, scripted
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.stories import STORIES, Habits, Telling
from metrics.core.definition import Definition
from metrics.core.history import history
from metrics.core.intervals import windows
from metrics.core.ledger import Segment, segments
from metrics.core.movements import movements, steps
from tests.metrics.agreement import dated_as, judge, spans
from tests.metrics.decoding import EVERYTHING, Decoded
from tests.metrics.test_full_business import EVENT_DAYS, NOW

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland")
WINDOWS = ("day", "month", "event")
Moved = tuple[str, str, str, str, int]
HARD_DAYS = (
    "2024-02-29 12:00",
    "2024-01-31 23:30",
    "2024-12-31 23:59",
    "2024-03-10 01:30",
    "2024-11-03 01:30",
    "2024-04-07 02:30",
    "2024-09-29 01:59",
    "2024-05-31 00:00",
)


def valued(company: Company, event_days: int = EVERYTHING) -> dict[str, tuple[Segment, ...]]:
    """Return every customer's segments, by the core alone."""
    decoded, found = Decoded(company, event_days), {}
    catalogue = decoded.shelf.catalogue()
    for one in decoded.customers():
        found[one.id] = segments(history(one, catalogue).configurations, catalogue, Definition())
    return found


def moved(company: Company, found: dict[str, tuple[Segment, ...]], zone: str, window: str) -> list[Moved]:
    """Return the movements until now, worded as the truth words them."""
    rows = []
    for name, ledger in found.items():
        changes = [step for step in steps(ledger) if step.at <= company.now]
        for one in movements(changes, windows(window, zone)):
            at = {"day": f"{one.on}", "month": f"{one.on:%Y-%m}", "event": f"{one.at:012d}"}[window]
            rows.append((at, name, one.currency, one.kind, one.amount_micro))
    return sorted(rows)


def known(company: Company, zone: str, window: str) -> list[Moved]:
    keys = ("window", "customer", "currency", "kind", "amount_micro")
    return sorted(tuple(row[key] for key in keys) for row in truth.movements(company, zone, window))


def assert_true(
    company: Company, found: dict[str, tuple[Segment, ...]], zones: Iterable[str] = ZONES
) -> None:
    """Compare the movements of every kind of window in some zones with what the company knows."""
    for zone in zones:
        for window in WINDOWS:
            assert moved(company, found, zone, window) == known(company, zone, window), (zone, window)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_story_moves_as_its_truth_in_every_time_zone(name: str) -> None:
    company = scenario(name, NOW, customers=3, days=150)
    assert_true(company, valued(company))
    cold = valued(company, EVENT_DAYS)
    shown = {customer: spans(ledger, company.now) for customer, ledger in cold.items()}
    assert judge(company, shown, events_since=company.now - EVENT_DAYS * 86_400).wrong == []
    with dated_as(company, shown):
        assert_true(company, cold)


def instant(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def replacing(leaves: datetime, returns: datetime) -> Telling:
    """Return a story of one subscription that another replaces, at two instants."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        first = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 4)])
        yield int(leaves.timestamp())
        subscribing.end(life, first)
        yield int(returns.timestamp())
        subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 4)])

    return story


def kinds(company: Company, zone: str, window: str) -> list[str]:
    return [kind for _, _, _, kind, _ in moved(company, valued(company), zone, window)]


def replaced(zone: str, leaves: str, returns: str) -> Company:
    """Return a company whose customer leaves and comes back at local times of a zone."""
    told = replacing(instant(leaves, zone), instant(returns, zone))
    company = scripted([(told, instant("2026-01-05 10:00", zone))], NOW)
    assert_true(company, valued(company))
    return company


@pytest.mark.parametrize("zone", ZONES)
def test_a_replacement_within_a_local_day_is_one_movement_and_across_midnight_two(zone: str) -> None:
    same_day = replaced(zone, "2026-05-20 00:05", "2026-05-20 23:55")
    an_hour = replaced(zone, "2026-05-20 11:00", "2026-05-20 12:00")
    assert kinds(same_day, zone, "day") == kinds(an_hour, zone, "day") == ["new", "expansion"]
    assert kinds(an_hour, zone, "event") == ["new", "churn", "reactivation"]
    midnight = replaced(zone, "2026-05-20 23:55", "2026-05-21 00:05")
    assert kinds(midnight, zone, "day") == ["new", "churn", "reactivation"]
    assert kinds(midnight, zone, "month") == ["new", "expansion"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_replacement_across_a_months_end_is_churn_and_reactivation_of_two_months(zone: str) -> None:
    company = replaced(zone, "2026-05-31 23:55", "2026-06-01 00:05")
    rows = [(at, kind) for at, _, _, kind, _ in moved(company, valued(company), zone, "month")]
    assert rows == [("2026-01", "new"), ("2026-05", "churn"), ("2026-06", "reactivation")]


def growing(life: Life, habits: Habits) -> Story:
    """Subscribe at once, take more seats a day and a year later, and leave on the day after that."""
    yield life.now
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 2)])
    for quantity, days in ((3, 1), (5, 365)):
        yield life.now + days * 86_400
        changing.change(life, sub, life.subscription(sub).items[0].id, quantity=quantity)
    yield life.now + 86_400
    subscribing.end(life, sub)


@pytest.mark.parametrize("zone", ZONES)
def test_days_that_calendars_make_hard_are_dated_as_the_zone_cuts_them(zone: str) -> None:
    starts = [instant(text, zone) for text in HARD_DAYS]
    company = scripted([(growing, start) for start in starts], NOW)
    found = valued(company)
    assert_true(company, found, [zone])
    new = [at for at, _, _, kind, _ in moved(company, found, zone, "day") if kind == "new"]
    assert new == sorted(text[:10] for text in HARD_DAYS)
    assert_true(company, valued(company, EVENT_DAYS), [zone])


@pytest.mark.parametrize("name", ["percent_forever", "coupon_on_one_product", "stacked_coupons"])
def test_a_coupon_deleted_before_the_import_counts_as_its_discounts_embed_it(name: str) -> None:
    company = scenario(name, NOW, customers=2, days=150)
    decoded, found = Decoded(company, coupons_deleted=True), {}
    for one in decoded.customers():
        past = history(one, decoded.shelf.catalogue())
        assert past.set_aside == ()
        found[one.id] = segments(past.configurations, decoded.shelf.catalogue(), Definition())
    assert any(segment.discounts for ledger in found.values() for segment in ledger)
    assert_true(company, found, ["UTC"])


def test_one_person_twice_is_two_customers() -> None:
    def same(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        life.update_customer(name="Ada Abe", email="ada@example.com")
        subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 1)])

    company = scripted([(same, NOW - timedelta(days=90)), (same, NOW - timedelta(days=30))], NOW)
    found = valued(company)
    assert_true(company, found)
    assert [kind for _, _, _, kind, _ in moved(company, found, "UTC", "day")] == ["new", "new"]
