"""Days and months where the clock changes."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.core.intervals import (
    FOREVER,
    NEVER,
    Days,
    add_months,
    after,
    day_start,
    local_day,
    windows,
)
from tests.metrics.core.build import at

ODD = (
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Havana",
    "Africa/Monrovia",
    "Atlantic/Azores",
    "Asia/Beirut",
)
instants = st.integers(-3_000_000_000, 3_000_000_000)


@pytest.mark.parametrize(
    ("zone", "on", "start"),
    [
        ("UTC", date(2026, 3, 29), "2026-03-29"),
        ("America/Los_Angeles", date(2026, 3, 9), "2026-03-09 07:00"),
        ("Asia/Kolkata", date(2026, 3, 1), "2026-02-28 18:30"),
        ("Pacific/Auckland", date(2026, 4, 6), "2026-04-05 12:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04 03:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01 04:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, on: date, start: str) -> None:
    assert day_start(on, ZoneInfo(zone)) == at(start)
    assert windows("day", zone).day(at(start)) == on
    assert windows("day", zone).day(at(start) - 1) < on


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)]
)
def test_clock_changes_make_days_of_23_and_25_hours(on: date, hours: int) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    assert day_start(on.replace(day=on.day + 1), zone) - day_start(on, zone) == hours * 3600


def test_an_hour_repeated_across_midnight_belongs_to_the_new_day() -> None:
    days = windows("day", "America/St_Johns")
    assert [days.day(at(f"2010-11-07 {time}")) for time in ("02:29", "02:31", "03:00")] == [
        date(2010, 11, 6),
        date(2010, 11, 7),
        date(2010, 11, 7),
    ]


def test_midnight_on_the_first_belongs_to_the_new_month() -> None:
    months = windows("month", "Europe/Paris")
    assert months.day(at("2026-09-30 22:00")) == date(2026, 10, 1)
    assert months.day(at("2026-09-30 21:59:59")) == date(2026, 9, 1)
    assert months.key(at("2026-10-15")) == date(2026, 10, 1)


def test_each_instant_is_its_own_window_of_events() -> None:
    events = windows("event", "UTC")
    assert events.key(at("2026-10-15 10:00")) == at("2026-10-15 10:00")
    assert events.day(at("2026-10-15 10:00")) == date(2026, 10, 15)


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2024-01-31", "month", 1, "2024-02-29"),
        ("2024-02-29", "year", 1, "2025-02-28"),
        ("2026-11-30 10:00", "month", 3, "2027-02-28 10:00"),
        ("2026-12-01", "month", 1, "2027-01-01"),
        ("2026-12-15", "week", 2, "2026-12-29"),
        ("2026-12-31", "day", 1, "2027-01-01"),
    ],
)
def test_a_billing_interval_ends_where_stripe_ends_it(
    start: str, interval: str, count: int, end: str
) -> None:
    assert after(at(start), interval, count) == at(end)


def test_months_are_added_within_a_year() -> None:
    assert add_months(at("2026-10-01"), 1) == at("2026-11-01")


@pytest.mark.parametrize("zone", ODD)
@given(st.lists(instants, max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_remembered_hour_tells_the_local_day(zone: str, when: list[int]) -> None:
    days, place = Days(ZoneInfo(zone)), ZoneInfo(zone)
    around = [at + step for at in when for step in (-3_601, -1, 0, 1, 1_799, 3_600)]
    told = [local_day(at, place) for at in around]
    assert [date.fromordinal(day) for day in days.of(around)] == told
    assert days.of([FOREVER]) == [NEVER]
