"""Rows of segments as spans of plain numbers, and what those sum to by day, month and plan."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from metrics.build.calendar import BITS, Calendar
from metrics.build.netted import CODE_BITS, changes, nets, summed, turns
from metrics.build.tally import Cut, Tally
from metrics.core.intervals import FOREVER

MICRO = 1_000_000
# Where a currency's place begins in a number that it shares: above month and day, or plan and month.
TIME_BITS, PLAN_BITS = 2 * BITS, 54
# Where it begins in the key of each kind of sums, and the bits below it that count.
SHARED = {
    "day": (TIME_BITS + CODE_BITS, BITS + CODE_BITS),
    "month": (BITS + CODE_BITS, BITS + CODE_BITS),
    "held": (TIME_BITS, BITS),
    "planned": (PLAN_BITS, PLAN_BITS),
}


class Spans:
    """What is remembered from one batch of rows to the next while they become numbers."""

    def __init__(self, tally: Tally, cut: Cut) -> None:
        self.currencies: dict[str, int] = {}
        self._tally, self._cut = tally, cut
        self._calendar = Calendar(cut.definition.time_zone, cut.at)
        self._payers, self._last = 0, ""

    def of(self, batch: pa.RecordBatch) -> pa.Table:
        """Return rows as numbers; nothing ends after the cut."""
        starts = pc.divide(batch["from_at"].cast(pa.int64()), MICRO)
        until = pc.coalesce(pc.divide(batch["to_at"].cast(pa.int64()), MICRO), FOREVER)
        ends = pc.if_else(pc.less_equal(until, self._cut.at), until, FOREVER)
        opened, closed = self._calendar.of(starts), self._calendar.of(ends)
        currencies, mrr = batch["currency"].dictionary_encode(), batch["mrr_micro"]
        own = self._places(currencies, TIME_BITS)
        return pa.table(
            {
                "payer": self._numbers(batch["customer_id"]),
                "start": starts,
                "opened": pc.bit_wise_or(opened, own),
                "end": ends,
                "closed": pc.bit_wise_or(closed, own),
                "mrr": mrr,
                "committed": batch["committed_micro"],
                "contracted": pc.if_else(batch["contracted"], mrr, 0),
                "items": pc.not_equal(mrr, 0).cast(pa.int64()),
                "plan": pc.bit_wise_or(self._plans(batch), self._places(currencies, PLAN_BITS)),
            }
        )

    def of_currency(self, sums: pa.Table, name: str, place: int) -> pa.Table:
        """Return the sums of the currency in a place, under keys without it."""
        shift, bits = SHARED[name]
        own = sums.filter(pc.equal(pc.shift_right(sums["key"], shift), place))
        return own.set_column(0, "key", pc.bit_wise_and(own["key"], (1 << bits) - 1))

    def _places(self, currencies: pa.DictionaryArray, shift: int) -> pa.Array:
        """Return the places of rows' currencies where they begin in a number they share."""
        known = self.currencies
        places = [known.setdefault(name, len(known)) << shift for name in currencies.dictionary.to_pylist()]
        return pa.array(places, pa.int64()).take(currencies.indices)

    def _numbers(self, names: pa.Array) -> pa.Array:
        """Number the payers in order."""
        new = names[0].as_py() != self._last
        self._payers += new - 1
        numbers = pc.add(pc.cumulative_sum(turns(names).cast(pa.int64())), self._payers)
        self._payers, self._last = numbers[-1].as_py(), names[-1].as_py()
        return numbers

    def _plans(self, batch: pa.RecordBatch) -> pa.Array:
        """Return each row's plan by its place in the tally; equal ones are looked up once."""
        prices, products = (batch[name].dictionary_encode() for name in ("price_id", "product_id"))
        count = len(products.dictionary)
        codes = pc.add(pc.multiply(prices.indices.cast(pa.int64()), count), products.indices)
        coded = codes.dictionary_encode()
        names, others = prices.dictionary.to_pylist(), products.dictionary.to_pylist()
        pairs = (divmod(code, count) for code in coded.dictionary.to_pylist())
        places = [self._tally.place(names[price], others[product]) for price, product in pairs]
        return pa.array(places, pa.int64()).take(coded.indices)


def whole_payers(found: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut the rows between payers: a batch's last one waits for the next batch."""
    rest: pa.Table | None = None
    for table in found:
        table = table if rest is None else pa.concat_tables([rest, table]).combine_chunks()
        payers = table.column("payer")
        last = pc.index(payers, payers[-1]).as_py()
        rest = table.slice(last)
        if last:
            yield table.slice(0, last)
    if rest is not None:
        yield rest


def sums(spans: pa.Table, window: str) -> Iterator[tuple[str, pa.Table]]:
    """Yield the kinds of sums that whole payers' spans come to."""
    changed = changes(spans)
    yield "day", nets(changed, "day")
    if window != "day":
        yield "month", nets(changed, window)
    opened, closed = spans["opened"], spans["closed"]
    yield "held", _begun_and_ended(spans, (opened, closed), ("contracted", "committed"))
    months = [pc.bit_wise_and(pc.shift_right(each, BITS), (1 << BITS) - 1) for each in (opened, closed)]
    yield (
        "planned",
        _begun_and_ended(spans, [pc.add(spans["plan"], each) for each in months], ("mrr", "items")),
    )


def _begun_and_ended(spans: pa.Table, keys: Sequence[pa.ChunkedArray], names: Sequence[str]) -> pa.Table:
    """Return by what two amounts change where spans begin and end, summed over the rows."""
    begun, ended = keys
    first, second = (spans[name] for name in names)
    less = {"first": pc.negate(first), "second": pc.negate(second)}
    return summed(
        [pa.table({"key": begun, "first": first, "second": second}), pa.table({"key": ended, **less})]
    )
