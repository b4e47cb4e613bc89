"""Columns of many payers' spans net as the core nets each payer, whatever they are."""

from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.build.netted import changes, nets, plain, summed, told
from metrics.core.intervals import FOREVER
from metrics.core.netting import net

DAY, MONTH = 10, 40
COLUMNS = ("payer", "start", "end", "mrr", "opened", "closed", "opened_month", "closed_month")
Span = tuple[int, int, int]
amounts = st.integers(0, 3) | st.integers(0, 1 << 58)
ends = st.integers(1, 60) | st.just(FOREVER)


@st.composite
def items(draw: st.DrawFn) -> list[Span]:
    """Return the spans of one item, one after the other, some with a gap between."""
    found, at = [], draw(st.integers(-100, 100))
    for _ in range(draw(st.integers(1, 5))):
        length = draw(ends)
        found.append((at, FOREVER if length == FOREVER else at + length, draw(amounts)))
        if length == FOREVER:
            break
        at += length + draw(st.sampled_from((0, 0, 7)))
    return found


def joined(own: list[list[Span]]) -> list[Span]:
    return [span for item in own for span in item]


payers = st.lists(st.lists(items(), min_size=1, max_size=3).map(joined), max_size=4)


def table(companies: list[list[Span]]) -> pa.Table:
    rows = [
        (payer, start, end, mrr, start // DAY, end // DAY, start // MONTH, end // MONTH)
        for payer, spans in enumerate(companies)
        for start, end, mrr in spans
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    return pa.table(
        {name: pa.array(values, pa.int64()) for name, values in zip(COLUMNS, columns, strict=True)}
    )


def core(companies: list[list[Span]], window: int) -> dict[tuple[int, str], tuple[int, int, int]]:
    found: dict[tuple[int, str], list[int]] = {}
    for spans in companies:
        bounds = [(at, way * mrr) for start, end, mrr in spans for at, way in ((start, 1), (end, -1)) if mrr]
        changed = sorted((at, at // window, delta) for at, delta in bounds if at != FOREVER)
        for key, kind, delta in net(changed):
            found.setdefault((key, kind), []).append(delta)
    return {
        key: (sum(deltas), len(deltas), sum(delta * delta for delta in deltas))
        for key, deltas in found.items()
    }


@given(payers)
@settings(max_examples=80, deadline=None)
def test_every_window_comes_to_what_the_core_makes_of_it(companies: list[list[Span]]) -> None:
    changed = changes(table(companies))
    for column, window in (("day", DAY), ("month", MONTH)):
        found: dict[tuple[int, str], Counter[int]] = {}
        for key, kind, *sums in told(plain(nets(changed, column, column))):
            found.setdefault((key, kind), Counter()).update(dict(enumerate(sums)))
        rows = {key: tuple(sums[place] for place in range(3)) for key, sums in found.items()}
        assert rows == core(companies, window)
    by_month: Counter[tuple[int, str]] = Counter()
    for month, kind, amount, _, _ in told(plain(nets(changed, "key", "month"))):
        by_month[month, kind] += amount
    expected: Counter[tuple[int, str]] = Counter()
    for (at, kind), (amount, _, _) in core(companies, 1).items():
        expected[at // MONTH, kind] += amount
    assert by_month == expected


def test_sums_beyond_64_bits_stay_exact() -> None:
    part = summed(pa.table({"key": [1] * 9, "amount": [(1 << 62) - 1] * 9}))
    whole = summed(pa.concat_tables([part] * 4))
    assert list(plain(whole)) == [(1, 36 * ((1 << 62) - 1))]
