"""The integer road nets and names as the movements do, and its fast lane as the integer road does."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.core.balances import KINDS, Nets, Span, netted, netted_in_turn
from metrics.core.intervals import FOREVER, NEVER, Days, local_day, windows
from metrics.core.ledger import Segment
from metrics.core.movements import movements, steps
from tests.metrics.core.test_identities import ZONES, lives

Named = list[tuple[int, str, int]]
ODD = (
    "Pacific/Apia",
    "America/Havana",
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Asia/Beirut",
)
instants = st.integers(-3_000_000_000, 3_000_000_000)


def named(found: Nets) -> Named:
    return sorted(
        (key // len(KINDS), KINDS[key % len(KINDS)], delta)
        for key, deltas in found.items()
        for delta in deltas
    )


def spans(ledger: Sequence[Segment], days: Days, *, by_instant: bool = False) -> list[Span]:
    ends = [FOREVER if one.end is None else one.end for one in ledger]
    starts = [one.start for one in ledger]
    opened, closed = (starts, ends) if by_instant else (days.of(starts), days.of(ends))
    amounts = [one.mrr_micro for one in ledger]
    first = [True, *[False] * (len(ledger) - 1)]
    return list(zip(first, starts, opened, ends, closed, amounts, strict=True))


@pytest.mark.parametrize("zone", ZONES)
@given(ledger=lives)
@settings(max_examples=40, deadline=None)
def test_any_ledger_nets_as_its_movements_do(zone: str, ledger: tuple[Segment, ...]) -> None:
    days, changes = Days(ZoneInfo(zone)), steps(ledger)
    by_day = [
        (one.on.toordinal(), one.kind, one.amount_micro) for one in movements(changes, windows("day", zone))
    ]
    each = [(one.at, one.kind, one.amount_micro) for one in movements(changes, windows("event", zone))]
    assert named(netted(spans(ledger, days))) == sorted(by_day)
    assert named(netted(spans(ledger, days, by_instant=True))) == sorted(each)


@given(st.lists(lives, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_spans_in_turn_net_as_any_spans_do(ledgers: list[tuple[Segment, ...]]) -> None:
    days = Days(ZoneInfo("Asia/Kolkata"))
    payers = [
        [one for one in together if one.mrr_micro]
        for ledger in ledgers
        for _, together in groupby(ledger, key=attrgetter("item"))
    ]
    rows = [span for payer in payers if payer for span in spans(payer, days)]
    assert named(netted_in_turn(rows)) == named(netted(rows))


@pytest.mark.parametrize("zone", [*ZONES, *ODD])
@given(st.lists(instants, max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_remembered_hour_tells_the_local_day(zone: str, when: list[int]) -> None:
    days, place = Days(ZoneInfo(zone)), ZoneInfo(zone)
    around = [at + step for at in when for step in (-3_601, -1, 0, 1, 1_799, 3_600)]
    told = [local_day(at, place) for at in around]
    assert [date.fromordinal(day) for day in days.of(around)] == told
    by_hour = days.of_hours(at // 3_600 for at in around)
    assert all(day in (None, on.toordinal()) for day, on in zip(by_hour, told, strict=True))
    assert days.of([FOREVER]) == [NEVER]
