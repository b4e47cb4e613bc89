"""Many payers' spans netted at once, in columns: what the core's `net` says of each payer, summed.

What a change is called is asked of the core, once for each way in which two balances can differ.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from metrics.build.sums import Moved
from metrics.core.intervals import FOREVER
from metrics.core.movements import kind_of

# An instant's share of a number that is in the order of payers and instants; those we store fit.
EARLIEST, BITS = -(1 << 37), 43
# From nothing, to nothing, upwards, and above 0 at an earlier instant: bits, and balances that are so.
FROM_NOTHING, TO_NOTHING, UP, ABOVE = 1, 2, 4, 8
CODES = 16
NAMED = [
    kind_of(
        0 if code & FROM_NOTHING else 2,
        0 if code & TO_NOTHING else 3 if code & UP else 1,
        bool(code & ABOVE),
    )
    for code in range(CODES)
]
LARGEST = 1 << 63
WIDE, WIDEST = pa.decimal128(38), pa.decimal256(76)


def changes(spans: pa.Table) -> pa.Table:
    """Return by what each instant changes payers' balances, in order; a payer's spans stand together.

    Where a span begins as the one before it ends, the two changes are one.
    """
    counting = pc.and_(pc.not_equal(spans["mrr"], 0), pc.less(spans["start"], spans["end"]))
    spans = spans.filter(counting).combine_chunks()
    payer, start, end, mrr = (_column(spans, name) for name in ("payer", "start", "end", "mrr"))
    follows = pc.and_(pc.invert(turns(payer)), pc.equal(start, _before(end)))
    delta = pc.subtract(mrr, pc.if_else(follows, _before(mrr), 0))
    begun = pa.table({"key": _key(payer, start), "at": start, "payer": payer, "delta": delta})
    begun = begun.append_column("day", spans["opened"]).append_column("month", spans["opened_month"])
    over = pc.and_(pc.not_equal(end, FOREVER), pc.invert(_after(follows)))
    key = _key(payer, pc.if_else(over, end, 0))
    ended = pa.table({"key": key, "at": end, "payer": payer, "delta": pc.negate(mrr)})
    ended = ended.append_column("day", spans["closed"]).append_column("month", spans["closed_month"])
    found = pa.concat_tables([begun.filter(pc.not_equal(delta, 0)), ended.filter(over)]).combine_chunks()
    return found.take(pc.sort_indices(found["key"])).combine_chunks()


def nets(changed: pa.Table, window: str, named: str) -> pa.Table:
    """Return what changes come to, netted by the column `window` and summed by the column `named`.

    Its key is for `told`: beside amounts there are counts, and Σ amount².
    """
    payer, delta, windows = (_column(changed, name) for name in ("payer", "delta", window))
    first = turns(payer)
    balance = _running(delta, first)
    counted = pc.and_(_after(turns(_column(changed, "key")), last=True), pc.greater(balance, 0))
    above = _running(counted.cast(pa.int64()), first)
    ends = pc.or_(_after(first, last=True), _after(turns(windows), last=True))
    first, label, after, above = (
        column.filter(ends) for column in (payer, _column(changed, named), balance, above)
    )
    first = turns(first)
    before, ever = (pc.if_else(first, 0, _before(column)) for column in (after, above))
    moved = pc.subtract(after, before)
    key = pc.multiply(label, CODES)
    for holds, bit in (
        (pc.equal(before, 0), FROM_NOTHING),
        (pc.equal(after, 0), TO_NOTHING),
        (pc.greater(moved, 0), UP),
        (pc.greater(ever, 0), ABOVE),
    ):
        key = pc.add(key, pc.if_else(holds, bit, 0))
    differ = pc.not_equal(moved, 0)
    moved = moved.filter(differ)
    counts = pc.if_else(pc.is_valid(moved), 1, 0)
    return summed(
        pa.table({"key": key.filter(differ), "amount": moved, "count": counts, "squares": _squares(moved)})
    )


def told(netted: Iterable[tuple[int, ...]]) -> Iterator[Moved]:
    """Yield plain rows of `nets` with their kinds."""
    for coded, amount, count, squares in netted:
        window, code = divmod(coded, CODES)
        yield window, NAMED[code], amount, count, squares


def summed(keyed: pa.Table) -> pa.Table:
    """Sum every other column by the column `key`, in types that hold any such sums."""
    names = keyed.column_names[1:]
    keyed = pa.table({"key": keyed["key"], **{name: _exact(keyed[name]) for name in names}})
    sums = keyed.group_by("key", use_threads=False).aggregate([(name, "sum") for name in names])
    return pa.table({"key": sums["key"], **{name: sums[f"{name}_sum"].cast(WIDEST) for name in names}})


def plain(sums: pa.Table) -> Iterator[tuple[int, ...]]:
    """Yield rows as integers."""
    return zip(*(_integers(sums[name]) for name in sums.column_names), strict=True)


def _integers(column: pa.ChunkedArray) -> Iterable[int]:
    if not pa.types.is_integer(column.type) and _largest(column) < LARGEST:
        column = column.cast(pa.int64())
    return column.to_pylist() if pa.types.is_integer(column.type) else map(int, column.to_pylist())


def _exact(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return amounts in a type that holds their sum."""
    if not pa.types.is_integer(amounts.type):
        return amounts
    return amounts if _largest(amounts) * len(amounts) < LARGEST else amounts.cast(WIDE)


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
    """Return the running sums of each payer; sums of all that are too large come back to where they were."""
    total = pc.cumulative_sum(values)
    start = pc.if_else(first, pc.subtract(total, values), pa.scalar(None, pa.int64()))
    return pc.subtract(total, pc.fill_null_forward(start))


def _before(values: pa.Array) -> pa.Array:
    """Move each value one place on; the first stays where it is as well."""
    return pa.concat_arrays([values.slice(0, 1), values.slice(0, max(0, len(values) - 1))])


def _after(flags: pa.Array, *, last: bool = False) -> pa.Array:
    """Tell of each place what the next one says."""
    return pa.concat_arrays([flags.slice(1), pa.array([last] * min(1, len(flags)), pa.bool_())])


def _key(payer: pa.Array, at: pa.Array) -> pa.Array:
    return pc.add(pc.multiply(payer, 1 << BITS), pc.subtract(at, EARLIEST))


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
