"""A build's stored segments as columns of plain integers, some tens of thousands of payers at a time.

PostgreSQL sends them in the order of their key; the next are fetched while the last are computed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import StatementOptions

from accounts.tenancy import adbc
from metrics.build.sums import Flow, Netting, Spans, first_of
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build
from metrics.core.balances import Nets, netted, netted_in_turn
from metrics.core.intervals import FOREVER, HOUR, Days, days

# About 50,000 payers' rows.
BATCH_BYTES = 12_000_000
MICRO = 1_000_000
# Arrow divides towards 0: instants before 1970 are moved beyond it.
SHIFT = HOUR << 30
TIMED = ("first", "start", "opened", "end", "closed", "mrr")
# The key is in the order of payers; to sort everything again would take memory and disk.
IN_ORDER = "SELECT set_config('enable_sort', 'off', true)"
READ = (
    "SELECT customer_id, from_at, to_at, mrr_micro, committed_micro, currency, "
    "price_id, product_id, contracted FROM metrics_segment "
    "WHERE organization_id = '{organization}' AND definition_version = {version:d} AND build = {number:d} "
    "AND connection_id = '{connection}' AND (mrr_micro <> 0 OR committed_micro <> 0) "
    "ORDER BY organization_id, definition_version, build, connection_id, customer_id, subscription_id, "
    "item_id, from_at"
)


def batches(build: Build, connection_id: UUID) -> Iterator[pa.RecordBatch]:
    """Yield the stored segments of a connection that count for anything, payer by payer."""
    # A statement with bound values is not streamed: what is written into this one are ids and numbers.
    statement = READ.format(
        organization=UUID(str(build.organization_id)),
        version=build.definition_version,
        number=build.number,
        connection=UUID(str(connection_id)),
    )
    with adbc(build.organization_id) as bulk, bulk.cursor() as cursor:
        cursor.execute(IN_ORDER)
        cursor.fetchall()
        cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)})
        cursor.execute(statement)
        yield from _ahead(cursor.fetch_record_batch())


def _ahead(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with ThreadPoolExecutor(1) as fetching:
        coming = fetching.submit(next, reader, None)
        while (batch := coming.result()) is not None:
            coming = fetching.submit(next, reader, None)
            yield batch


def whole_payers(found: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut the rows between payers: a batch's last one waits for the next batch."""
    rest: pa.Table | None = None
    for batch in found:
        table = pa.Table.from_batches([batch])
        table = table if rest is None else pa.concat_tables([rest, table]).combine_chunks()
        names = table.column("customer_id")
        last = pc.index(names, names[-1]).as_py()
        rest = table.slice(last)
        if last:
            yield table.slice(0, last)
    if rest is not None:
        yield rest


def flows(table: pa.Table, tally: Tally, cut: Cut) -> Iterator[tuple[str, Flow]]:
    """Yield what whole payers' rows come to in each currency, with nothing from after the cut."""
    local = days(cut.definition.time_zone)
    starts = _seconds(table.column("from_at"))
    ends = _ends(_seconds(table.column("to_at")), cut)
    (opened, first), (closed, after), plans = _days(starts, local), _days(ends, local), _places(table, tally)
    mrr = table.column("mrr_micro")
    dated = pa.table(
        {
            "currency": table.column("currency"),
            "payer": _payers(table.column("customer_id").combine_chunks()),
            "start": starts,
            "opened": opened,
            "end": ends,
            "closed": closed,
            "mrr": mrr,
            "committed": table.column("committed_micro"),
            "contracted": pc.if_else(table.column("contracted"), mrr, 0),
            "items": pc.not_equal(mrr, 0).cast(pa.int64()),
            "opened_plan": pc.add(plans, first),
            "closed_plan": pc.add(plans, after),
        }
    ).filter(pc.less_equal(starts, cut.at))
    for currency in pc.unique(dated.column("currency")).to_pylist():
        own = dated.filter(pc.equal(dated.column("currency"), currency)).combine_chunks()
        yield currency, _flow(own, cut.definition.movement_window, local)


def _flow(own: pa.Table, window: str, local: Days) -> Flow:
    by_day: Nets = defaultdict(list)
    by_month: Nets = defaultdict(list)
    for spans, netting in _parted(own.filter(pc.greater(own.column("mrr"), 0)).combine_chunks()):
        spans.by_day(by_day, netting)
        if window != "day":
            spans.by_month(window, local, by_month, netting)
    held = _changes(own, "", ("contracted", "committed"))
    return Flow(by_day, by_month, held, _changes(own, "_plan", ("mrr", "items")))


def _parted(own: pa.Table) -> Iterator[tuple[Spans, Netting]]:
    """Yield the spans of payers who have one after the other, then of those who have several at once."""
    if not len(own):
        return
    payers, starts, ends = (own.column(name).combine_chunks() for name in ("payer", "start", "end"))
    first = _turns(payers)
    before = pa.concat_arrays([starts.slice(0, 1), ends.slice(0, len(ends) - 1)])
    overlapping = pc.and_(pc.invert(first), pc.less(starts, before))
    several = pc.is_in(payers, value_set=pc.unique(payers.filter(overlapping)))
    own = own.append_column("first", first)
    for chosen, netting in ((pc.invert(several), netted_in_turn), (several, netted)):
        rows = own.filter(chosen)
        yield Spans(*(rows.column(name).to_pylist() for name in TIMED)), netting


def _changes(own: pa.Table, of: str, names: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield by what two amounts change where spans begin and end, summed over the rows."""
    first, second = (_exact(own.column(name)) for name in names)
    for bound, way in (("opened", 1), ("closed", -1)):
        keyed = pa.table({"key": own.column(f"{bound}{of}"), "first": first, "second": second})
        sums = keyed.group_by("key", use_threads=False).aggregate([("first", "sum"), ("second", "sum")])
        columns = [sums.column(name).to_pylist() for name in ("key", "first_sum", "second_sum")]
        for key, one, two in zip(*columns, strict=True):
            yield key, way * int(one), way * int(two)


def _exact(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return amounts in a type that holds their sum."""
    bounds = pc.min_max(amounts).as_py()
    largest = max(abs(bounds["min"] or 0), abs(bounds["max"] or 0))
    return amounts if largest * len(amounts) < 1 << 63 else amounts.cast(pa.decimal128(38))


def _seconds(column: pa.ChunkedArray) -> pa.Array:
    return pc.divide(column.combine_chunks().cast(pa.int64()), MICRO)


def _ends(until: pa.Array, cut: Cut) -> pa.Array:
    """Leave ends open that are none yet."""
    return pc.if_else(pc.fill_null(pc.less_equal(until, cut.at), False), until, FOREVER)


def _days(instants: pa.Array, local: Days) -> tuple[pa.Array, pa.Array]:
    """Return the numbers of each instant's local day and of its month, which are looked up once an hour."""
    hours = pc.divide(pc.add(instants, SHIFT), HOUR).dictionary_encode()
    numbers = local.of_hours(hour - SHIFT // HOUR for hour in hours.dictionary.to_pylist())
    found = pa.array(numbers, pa.int64()).take(hours.indices)
    if found.null_count:
        unsure = pc.is_null(found)
        exact = local.of(instants.filter(unsure).to_pylist())
        found = pc.replace_with_mask(found, unsure, pa.array(exact, pa.int64()))
    coded = found.dictionary_encode()
    months = [first_of(day) for day in coded.dictionary.to_pylist()]
    return found, pa.array(months, pa.int64()).take(coded.indices)


def _turns(values: pa.Array) -> pa.Array:
    """Tell of each value whether it is the first or another than that before it."""
    others = pc.not_equal(values.slice(1), values.slice(0, len(values) - 1))
    return pa.concat_arrays([pa.array([True]), others])


def _payers(names: pa.Array) -> pa.Array:
    """Number the payers in order."""
    return pc.cumulative_sum(_turns(names).cast(pa.int64()))


def _places(table: pa.Table, tally: Tally) -> pa.Array:
    """Return each row's plan by its place in the tally; equal ones are looked up once."""
    prices, products = (
        table.column(name).combine_chunks().dictionary_encode() for name in ("price_id", "product_id")
    )
    count = len(products.dictionary)
    codes = pc.add(pc.multiply(prices.indices.cast(pa.int64()), count), products.indices.cast(pa.int64()))
    coded = codes.dictionary_encode()
    names, others = prices.dictionary.to_pylist(), products.dictionary.to_pylist()
    pairs = (divmod(code, count) for code in coded.dictionary.to_pylist())
    places = [tally.place(names[price], others[product]) for price, product in pairs]
    return pa.array(places, pa.int64()).take(coded.indices)
