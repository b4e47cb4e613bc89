"""Many payers' spans netted at once, in columns: what the core's `net` says of each payer, summed.

What a change is called is asked of the core, once for each way in which two balances can differ.
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from metrics.build.calendar import BITS
from metrics.build.sums import Moved
from metrics.core.intervals import FOREVER
from metrics.core.movements import kind_of

# An instant's share of a number that is in the order of payers and instants; a `date` has four figures.
EARLIEST, AT_BITS = -(1 << 36), 39
# From nothing, to nothing, upwards, and above 0 at an earlier instant: bits, and balances that are so.
CODE_BITS = 4
CODES = 1 << CODE_BITS
NAMED = [
    kind_of(0 if code & 1 else 2, 0 if code & 2 else 3 if code & 4 else 1, bool(code & 8))
    for code in range(CODES)
]
LARGEST = 1 << 63
WIDE, WIDEST = pa.decimal128(38), pa.decimal256(76)
HOLD = ((pa.int64(), LARGEST), (WIDE, 10**38), (WIDEST, 10**76))


def changes(spans: pa.Table) -> pa.Table:
    """Return balances after each instant that changes them, in order; a payer's spans stand together.

    `when` has month and day as one number, above them what keeps a payer's balances apart: the currency.
    Where a span begins as the one before it ends, the two changes are one.
    """
    counting = pc.and_(pc.not_equal(spans["mrr"], 0), pc.less(spans["start"], spans["end"]))
    payer, start, end, mrr, opened, closed = (
        whole(spans[name]).filter(whole(counting))
        for name in ("payer", "start", "end", "mrr", "opened", "closed")
    )
    apart = pc.shift_right(opened, 2 * BITS)
    width = _largest(apart) + 1
    owner = pc.add(pc.multiply(pc.subtract(payer, pc.min(payer)), width), apart)
    follows = pc.and_(pc.invert(turns(owner)), pc.equal(start, _before(end)))
    delta = pc.subtract(mrr, pc.if_else(follows, _before(mrr), 0))
    begins = pc.not_equal(delta, 0)
    over = pc.and_(pc.not_equal(end, FOREVER), pc.invert(_after(follows)))
    pairs = (
        (_key(owner, start), _key(owner, pc.if_else(over, end, 0))),
        (opened, closed),
        (delta, pc.negate(mrr)),
    )
    found = [pa.concat_arrays([one.filter(begins), other.filter(over)]) for one, other in pairs]
    order = pc.sort_indices(found[0])
    key, when, delta = (column.take(order) for column in found)
    first = turns(pc.shift_right(key, AT_BITS))
    after = _running(delta, first)
    counted = pc.and_(_after(turns(key), last=True), pc.greater(after, 0))
    above = _running(counted.cast(pa.int64()), first)
    return pa.table({"key": key, "when": when, "first": first, "after": after, "above": above})


def nets(changed: pa.Table, window: str) -> pa.Table:
    """Return what changes come to, netted by `day`, `month` or `event`, and summed by day or month.

    Its key is for `told`: beside amounts there are counts, and for days Σ amount².
    """
    key, when, first, after, above = (whole(column) for column in changed.columns)
    label = when if window == "day" else pc.shift_right(when, BITS)
    windows = key if window == "event" else label
    ends = pc.or_(_after(first, last=True), _after(turns(windows), last=True))
    key, label, after, above = (column.filter(ends) for column in (key, label, after, above))
    first = turns(pc.shift_right(key, AT_BITS))
    before, ever = (pc.if_else(first, 0, _before(column)) for column in (after, above))
    moved = pc.subtract(after, before)
    differ = pc.not_equal(moved, 0)
    label, before, after, ever, moved = (
        column.filter(differ) for column in (label, before, after, ever, moved)
    )
    code = pa.nulls(len(moved), pa.int8()).fill_null(0)
    for bit, holds in enumerate(
        (pc.equal(before, 0), pc.equal(after, 0), pc.greater(moved, 0), pc.greater(ever, 0))
    ):
        code = pc.bit_wise_or(code, pc.shift_left(holds.cast(pa.int8()), bit))
    key = pc.bit_wise_or(pc.shift_left(label, CODE_BITS), code)
    netted = {"key": key, "amount": moved, "count": pc.is_valid(moved).cast(pa.int64())}
    if window == "day":
        netted["squares"] = _squares(moved)
    return summed([pa.table(netted)])


def told(netted: Iterable[tuple[int, ...]]) -> Iterator[Moved]:
    """Yield plain rows of `nets` with their kinds."""
    for coded, amount, count, *squares in netted:
        yield coded >> CODE_BITS, NAMED[coded & CODES - 1], amount, count, squares[0] if squares else 0


def summed(keyed: Sequence[pa.Table]) -> pa.Table:
    """Sum every other column of tables by the column `key`, in types that hold any such sums."""
    key, *names = keyed[0].column_names
    exact = {name: _exact([table[name] for table in keyed]) for name in names}
    together = pa.table(
        {key: pa.chunked_array([one for table in keyed for one in table[key].chunks]), **exact}
    )
    sums = together.group_by(key, use_threads=False).aggregate([(name, "sum") for name in names])
    return sums.rename_columns([key, *names])


def plain(sums: pa.Table) -> Iterator[tuple[int, ...]]:
    """Yield rows as integers."""
    return zip(*(_integers(whole(column)) for column in sums.columns), strict=True)


def _integers(column: pa.Array) -> Iterable[int]:
    if not pa.types.is_integer(column.type) and _largest(column) < LARGEST:
        column = column.cast(pa.int64())
    return column.to_pylist() if pa.types.is_integer(column.type) else map(int, column.to_pylist())


def _exact(parts: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return amounts of several tables in a type that holds their sum."""
    most = max(_largest(part) for part in parts) * sum(map(len, parts))
    width = max(part.type.bit_width for part in parts)
    kind = next(kind for kind, beyond in HOLD if most < beyond and width <= kind.bit_width)
    same = all(part.type.bit_width == kind.bit_width for part in parts)
    chunks = [one for part in parts for one in (part if same else part.cast(kind)).chunks]
    return pa.chunked_array(chunks)


def _squares(amounts: pa.Array) -> pa.Array:
    """Return squares in a type that holds their sum."""
    largest = _largest(amounts)
    if largest < 10**18 and largest**2 * len(amounts) < 10**37:
        narrow = amounts.cast(pa.decimal128(19)).cast(pa.decimal128(18))
        return pc.multiply(narrow, narrow)
    wide = amounts.cast(pa.decimal256(19))
    return pc.multiply(wide, wide).cast(WIDEST)


def _largest(amounts: pa.Array) -> int:
    bounds = pc.min_max(amounts).as_py()
    return max(abs(int(bounds["min"] or 0)), abs(int(bounds["max"] or 0)))


def turns(values: pa.Array) -> pa.Array:
    """Tell of each value whether it is the first or another than that before it."""
    if not len(values):
        return pa.array([], pa.bool_())
    others = pc.not_equal(values.slice(1), values.slice(0, len(values) - 1))
    return pa.concat_arrays([pa.array([True]), others])


def _running(values: pa.Array, first: pa.Array) -> pa.Array:
    """Return the running sums of each owner; sums of all that are too large come back to where they were."""
    total, place = pc.cumulative_sum(values), pc.subtract(pc.cumulative_sum(first.cast(pa.int64())), 1)
    return pc.subtract(total, pc.subtract(total.filter(first), values.filter(first)).take(place))


def _before(values: pa.Array) -> pa.Array:
    """Move each value one place on; the first stays where it is as well."""
    return pa.concat_arrays([values.slice(0, 1), values.slice(0, max(0, len(values) - 1))])


def _after(flags: pa.Array, *, last: bool = False) -> pa.Array:
    """Tell of each place what the next one says."""
    return pa.concat_arrays([flags.slice(1), pa.array([last] * min(1, len(flags)), pa.bool_())])


def _key(owner: pa.Array, at: pa.Array) -> pa.Array:
    return pc.add(pc.multiply_checked(owner, 1 << AT_BITS), pc.subtract(at, EARLIEST))


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
