"""Billing periods are counted from their anchor."""

from datetime import UTC, datetime

import pytest

from billing_sync.sandbox.periods import next_boundary


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 10, 30, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("interval", "count", "after", "expected"),
    [
        ("month", 1, at(2026, 1, 31), at(2026, 2, 28)),
        ("month", 1, at(2026, 2, 28), at(2026, 3, 31)),
        ("month", 3, at(2026, 1, 31), at(2026, 4, 30)),
        ("year", 1, at(2027, 1, 31), at(2028, 1, 31)),
        ("week", 2, at(2026, 2, 1), at(2026, 2, 14)),
        ("day", 1, at(2026, 2, 1), at(2026, 2, 2)),
    ],
)
def test_the_next_boundary_follows_the_anchor(interval: str, count: int, after: int, expected: int) -> None:
    assert next_boundary(at(2026, 1, 31), interval, count, after) == expected
