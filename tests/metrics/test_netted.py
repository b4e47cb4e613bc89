"""Columns of many payers' spans net as the core nets each payer, whatever they are."""

from collections import Counter
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.build.calendar import BITS, Calendar
from metrics.build.netted import changes, nets, plain, summed, told
from metrics.core.intervals import FOREVER, NEVER, local_day
from metrics.core.netting import net

DAY, MONTH = 10, 40
# The tests' days and months have numbers from 0 on.
FIRST = 1_000
COLUMNS = ("payer", "start", "end", "mrr", "opened", "closed")
# An instant it begins at, one it ends at, an amount and a currency.
Span = tuple[int, int, int, int]
amounts = st.integers(0, 3) | st.integers(0, 1 << 58)
ends = st.integers(1, 60) | st.just(FOREVER)


@st.composite
def items(draw: st.DrawFn) -> list[Span]:
    """Return the spans of one item, one after the other, some with a gap between."""
    found, at, currency = [], draw(st.integers(-100, 100)), draw(st.sampled_from((0, 0, 2)))
    for _ in range(draw(st.integers(1, 5))):
        length = draw(ends)
        found.append((at, FOREVER if length == FOREVER else at + length, draw(amounts), currency))
        if length == FOREVER:
            break
        at += length + draw(st.sampled_from((0, 0, 7)))
    return found


def joined(own: list[list[Span]]) -> list[Span]:
    return [span for item in own for span in item]


payers = st.lists(st.lists(items(), min_size=1, max_size=3).map(joined), max_size=4)


def when(at: int, currency: int) -> int:
    day, month = (NEVER if at == FOREVER else at // window + FIRST for window in (DAY, MONTH))
    return currency << 2 * BITS | month << BITS | day


def table(companies: list[list[Span]]) -> pa.Table:
    rows = [
        (payer, start, end, mrr, when(start, currency), when(end, currency))
        for payer, spans in enumerate(companies)
        for start, end, mrr, currency in spans
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    return pa.table(
        {name: pa.array(values, pa.int64()) for name, values in zip(COLUMNS, columns, strict=True)}
    )


Found = dict[tuple[int, int, str], list[int]]


def core(companies: list[list[Span]], window: int) -> Found:
    """Return what each currency's payers net to by window and kind."""
    found: Found = {}
    for currency in (0, 2):
        for spans in companies:
            own = [span for span in spans if span[3] == currency and span[2]]
            bounds = [(at, way * one[2]) for one in own for at, way in ((one[0], 1), (one[1], -1))]
            changed = sorted((at, at // window + FIRST, delta) for at, delta in bounds if at != FOREVER)
            for key, kind, delta in net(changed):
                found.setdefault((currency, key, kind), []).append(delta)
    return found


def columns(netted: pa.Table, shift: int) -> dict[tuple[int, int, str], Counter[int]]:
    found: dict[tuple[int, int, str], Counter[int]] = {}
    for label, kind, *sums in told(plain(netted)):
        key = (label >> shift, label & NEVER, kind)
        found.setdefault(key, Counter()).update(dict(enumerate(sums)))
    return found


@given(payers)
@settings(max_examples=80, deadline=None)
def test_every_window_comes_to_what_the_core_makes_of_it(companies: list[list[Span]]) -> None:
    changed = changes(table(companies))
    assert columns(nets(changed, "day"), 2 * BITS) == {
        key: Counter({0: sum(deltas), 1: len(deltas), 2: sum(delta * delta for delta in deltas)})
        for key, deltas in core(companies, DAY).items()
    }
    assert columns(nets(changed, "month"), BITS) == {
        key: Counter({0: sum(deltas), 1: len(deltas), 2: 0}) for key, deltas in core(companies, MONTH).items()
    }
    expected: dict[tuple[int, int, str], Counter[int]] = {}
    for (currency, at, kind), deltas in core(companies, 1).items():
        key = (currency, (at - FIRST) // MONTH + FIRST, kind)
        expected.setdefault(key, Counter()).update({0: sum(deltas), 1: len(deltas), 2: 0})
    assert columns(nets(changed, "event"), BITS) == expected


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Apia", "America/New_York"])
@given(
    st.lists(st.integers(-(1 << 34), 1_800_000_000) | st.integers(1_324_000_000, 1_326_000_000), max_size=9)
)
@settings(max_examples=25, deadline=None)
def test_columns_of_instants_have_the_days_of_the_core(zone: str, instants: list[int]) -> None:
    calendar, found = Calendar(zone, 1_800_000_000), []
    for some in (instants[:3], [*instants, FOREVER]):
        found += calendar.of(pa.array(some, pa.int64())).to_pylist()
    days = [local_day(at, ZoneInfo(zone)) for at in instants]
    packed = [day.replace(day=1).toordinal() << BITS | day.toordinal() for day in days]
    assert found == [*packed[:3], *packed, NEVER << BITS | NEVER]


def test_sums_beyond_64_bits_stay_exact() -> None:
    small = summed([pa.table({"key": [1], "amount": [1]})])
    part = summed([pa.table({"key": [1] * 9, "amount": [(1 << 62) - 1] * 9})])
    assert list(plain(summed([small, part, part, part, part]))) == [(1, 36 * ((1 << 62) - 1) + 1)]
