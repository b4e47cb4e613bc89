"""A build's stored segments as columns of plain integers, some thousands of payers at a time.

PostgreSQL sends them in the order of their key; the next are fetched while the last are computed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pyarrow as pa
from adbc_driver_postgresql import StatementOptions

from accounts.tenancy import adbc
from metrics.build.netted import plain, summed, told
from metrics.build.spans import Spans, sums, whole_payers
from metrics.build.sums import Flow
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build

Item = TypeVar("Item")
# Where Arrow has it: a tenth less work and 40 MB less memory than its own choice.
ALLOCATOR = "jemalloc"
if ALLOCATOR in pa.supported_memory_backends():
    pa.set_memory_pool(pa.jemalloc_memory_pool())
# About 20,000 payers' rows.
BATCH_BYTES = 6_000_000
# How many batches' sums wait to be added up.
AT_ONCE = 16
# The key is in the order of payers; to sort everything again would take memory and disk.
IN_ORDER = "SELECT set_config('enable_sort', 'off', true)"
READ = (
    "SELECT customer_id, from_at, to_at, mrr_micro, committed_micro, currency, "
    "price_id, product_id, contracted FROM metrics_segment "
    "WHERE organization_id = '{organization}' AND definition_version = {version:d} AND build = {number:d} "
    "AND connection_id = '{connection}' AND from_at <= '{until}' "
    "AND (mrr_micro <> 0 OR committed_micro <> 0) "
    "ORDER BY organization_id, definition_version, build, connection_id, customer_id, subscription_id, "
    "item_id, from_at"
)


def batches(build: Build, connection_id: UUID, cut: Cut) -> Iterator[pa.RecordBatch]:
    """Yield the stored segments of a connection that count for anything by the cut, payer by payer."""
    # A statement with bound values is not streamed: what is written into this one are ids and numbers.
    statement = READ.format(
        organization=UUID(str(build.organization_id)),
        version=build.definition_version,
        number=build.number,
        connection=UUID(str(connection_id)),
        until=cut.moment().isoformat(),
    )
    with adbc(build.organization_id) as bulk, bulk.cursor() as cursor:
        cursor.execute(IN_ORDER)
        cursor.fetchall()
        cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)})
        cursor.execute(statement)
        yield from ahead(iter(cursor.fetch_record_batch()))


def ahead(found: Iterator[Item]) -> Iterator[Item]:
    """Yield what is found while the next is found in a thread of its own."""
    with ThreadPoolExecutor(1) as finding:
        coming = finding.submit(next, found, None)
        while (one := coming.result()) is not None:
            coming = finding.submit(next, found, None)
            yield one


def flows(found: Iterable[pa.RecordBatch], tally: Tally, cut: Cut) -> Iterator[tuple[str, Flow]]:
    """Yield what rows, whose payers come in order, sum to in each currency."""
    spans, parts = Spans(tally, cut), defaultdict[str, list[pa.Table]](list)
    # Arrow computes outside Python's lock: the next rows become numbers while these are summed.
    for table in ahead(whole_payers(map(spans.of, found))):
        for name, part in sums(table, cut.definition.movement_window):
            together = parts[name]
            together.append(part)
            if len(together) > AT_ONCE:
                together[:] = [summed(together)]
    whole = {name: summed(together) for name, together in parts.items()}
    for place, currency in enumerate(spans.currencies):
        rows = {name: plain(spans.of_currency(each, name, place)) for name, each in whole.items()}
        yield currency, Flow(told(rows["day"]), told(rows.get("month", ())), rows["held"], rows["planned"])
