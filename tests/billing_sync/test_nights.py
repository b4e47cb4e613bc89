import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Job, Organization
from billing_sync.nights import COMPARISONS, KIND, next_night
from tests.billing_sync.accounts import connected

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
CONNECTION = uuid.UUID(int=7)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
def test_it_is_night_where_the_organization_is(zone: str) -> None:
    for number in range(50):
        at = next_night(zone, uuid.UUID(int=number), "nightly", NOON)
        assert 1 <= at.astimezone(ZoneInfo(zone)).hour < 5


def test_connections_are_spread_over_the_night() -> None:
    minutes = {next_night("UTC", uuid.UUID(int=n), "weekly", NOON).strftime("%H:%M") for n in range(200)}
    assert len(minutes) > 100


def test_connections_are_spread_over_the_week() -> None:
    days = {next_night("UTC", uuid.UUID(int=n), "weekly", NOON).weekday() for n in range(50)}
    assert len(days) == 7


def test_each_night_of_a_week_compares_once() -> None:
    nights, at = [], NOON
    for _ in range(14):
        at = min(next_night("UTC", CONNECTION, purpose, at) for purpose in COMPARISONS)
        nights.append((at.date(), at == next_night("UTC", CONNECTION, "weekly", at - timedelta(hours=7))))
    assert len({day for day, _ in nights}) == 14
    assert sum(weekly for _, weekly in nights) == 2


def test_what_has_just_been_read_is_not_compared_at_once() -> None:
    at = next_night("UTC", CONNECTION, "nightly", NOON)
    assert next_night("UTC", CONNECTION, "nightly", at - timedelta(minutes=5)) > at + timedelta(hours=12)


def test_an_import_asks_for_both_comparisons(organization: Organization, sandbox: Callable[..., Any]) -> None:
    connected(organization, sandbox(size=2).base_url)
    asked = Job.objects.filter(organization=organization, kind=KIND, state=Job.State.QUEUED)
    assert {job.key.rpartition(":")[2] for job in asked} == {"nightly", "weekly"}
