"""A build's stored segments as columns of plain integers, some tens of thousands of payers at a time.

PostgreSQL sends them in the order of their key; the next are fetched while the last are computed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import StatementOptions

from accounts.tenancy import adbc
from metrics.build.netted import changes, nets, plain, summed, told, turns
from metrics.build.sums import Flow, first_of
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build
from metrics.core.intervals import FOREVER, HOUR, Days
from metrics.core.intervals import days as dates

Item = TypeVar("Item")
# About 50,000 payers' rows.
BATCH_BYTES = 12_000_000
# How many batches' sums wait to be added up.
AT_ONCE = 16
MICRO = 1_000_000
# Arrow divides towards 0: instants before 1970 are moved beyond it.
SHIFT = HOUR << 30
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
        yield from _ahead(iter(cursor.fetch_record_batch()))


def _ahead(found: Iterator[Item]) -> Iterator[Item]:
    """Yield what is found while the next is found in a thread of its own."""
    with ThreadPoolExecutor(1) as finding:
        coming = finding.submit(next, found, None)
        while (one := coming.result()) is not None:
            coming = finding.submit(next, found, None)
            yield one


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


def flows(tables: Iterable[pa.Table], tally: Tally, cut: Cut) -> Iterator[tuple[str, Flow]]:
    """Yield what whole payers' rows come to in each currency, with nothing from after the cut."""
    parts: dict[str, dict[str, list[pa.Table]]] = defaultdict(lambda: defaultdict(list))
    # Arrow computes outside Python's lock: the next rows are dated while these are summed.
    for dated in _ahead(_dated(table, tally, cut) for table in tables):
        for currency, sums in _summed(dated, cut.definition.movement_window):
            for name, part in sums.items():
                together = parts[currency][name]
                together.append(part)
                if len(together) > AT_ONCE:
                    together[:] = [summed(pa.concat_tables(together))]
    for currency, sums in parts.items():
        whole = {name: plain(summed(pa.concat_tables(together))) for name, together in sums.items()}
        by_month = told(whole.get("month", ()))
        yield currency, Flow(told(whole["day"]), by_month, whole["held"], whole["planned"])


def _summed(dated: pa.Table, window: str) -> Iterator[tuple[str, dict[str, pa.Table]]]:
    for currency in pc.unique(dated["currency"]).to_pylist():
        own = dated.filter(pc.equal(dated["currency"], currency)).combine_chunks()
        changed = changes(own)
        sums = {"day": nets(changed, "day", "day")}
        if window != "day":
            sums["month"] = nets(changed, "key" if window == "event" else window, "month")
        sums["held"] = _begun_and_ended(own, "", ("contracted", "committed"))
        sums["planned"] = _begun_and_ended(own, "_plan", ("mrr", "items"))
        yield currency, sums


def _begun_and_ended(own: pa.Table, of: str, names: Sequence[str]) -> pa.Table:
    """Return by what two amounts change where spans begin and end, summed over the rows."""
    first, second = (own[name] for name in names)
    begun = pa.table({"key": own[f"opened{of}"], "first": first, "second": second})
    less = {"first": pc.negate(first), "second": pc.negate(second)}
    return summed(pa.concat_tables([begun, pa.table({"key": own[f"closed{of}"], **less})]))


def _dated(table: pa.Table, tally: Tally, cut: Cut) -> pa.Table:
    starts = _seconds(table["from_at"])
    ends = _ends(_seconds(table["to_at"]), cut)
    days, months = _days(pa.concat_arrays([starts, ends]), dates(cut.definition.time_zone))
    (opened, closed), (opened_month, closed_month) = _halves(days), _halves(months)
    plans, mrr = _places(table, tally), table["mrr_micro"]
    return pa.table(
        {
            "currency": table["currency"],
            "payer": _payers(table["customer_id"].combine_chunks()),
            "start": starts,
            "opened": opened,
            "opened_month": opened_month,
            "end": ends,
            "closed": closed,
            "closed_month": closed_month,
            "mrr": mrr,
            "committed": table["committed_micro"],
            "contracted": pc.if_else(table["contracted"], mrr, 0),
            "items": pc.not_equal(mrr, 0).cast(pa.int64()),
            "opened_plan": pc.add(plans, opened_month),
            "closed_plan": pc.add(plans, closed_month),
        }
    ).filter(pc.less_equal(starts, cut.at))


def _seconds(column: pa.ChunkedArray) -> pa.Array:
    return pc.divide(column.combine_chunks().cast(pa.int64()), MICRO)


def _ends(until: pa.Array, cut: Cut) -> pa.Array:
    """Leave ends open that are none yet."""
    return pc.if_else(pc.fill_null(pc.less_equal(until, cut.at), False), until, FOREVER)


def _halves(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    half = len(values) // 2
    return values.slice(0, half), values.slice(half)


def _days(instants: pa.Array, local: Days) -> tuple[pa.Array, pa.Array]:
    """Return the numbers of each instant's local day and of its month, which are looked up once an hour."""
    hours = pc.divide(pc.add(instants, SHIFT), HOUR).dictionary_encode()
    numbers = local.of_hours(pc.subtract(hours.dictionary, SHIFT // HOUR).to_pylist())
    months = [None if day is None else first_of(day) for day in numbers]
    found, month = (pa.array(each, pa.int64()).take(hours.indices) for each in (numbers, months))
    if not found.null_count:
        return found, month
    unsure = pc.is_null(found)
    exact_days = local.of(instants.filter(unsure).to_pylist())
    exact_months = [first_of(day) for day in exact_days]
    return (
        pc.replace_with_mask(found, unsure, pa.array(exact_days, pa.int64())),
        pc.replace_with_mask(month, unsure, pa.array(exact_months, pa.int64())),
    )


def _payers(names: pa.Array) -> pa.Array:
    """Number the payers in order."""
    return pc.cumulative_sum(turns(names).cast(pa.int64()))


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
