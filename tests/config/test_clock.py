from datetime import UTC, datetime, timedelta, timezone

import pytest

from config import clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_clock_runs_in_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_held_clock_stands_still_and_then_runs_again() -> None:
    with clock.set_now(NOON):
        assert clock.now() == NOON
    assert clock.now() > NOON


def test_a_held_clock_gives_utc_whatever_zone_it_was_held_in() -> None:
    with clock.set_now(NOON.astimezone(timezone(timedelta(hours=5)))):
        assert clock.now().tzinfo is UTC


def test_the_innermost_hold_counts() -> None:
    with clock.set_now(NOON):
        with clock.set_now(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON


def test_the_environment_holds_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOW", "2026-03-01T13:00:00+01:00")
    assert clock.now() == NOON


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.set_now(NOON.replace(tzinfo=None)):
        pass
