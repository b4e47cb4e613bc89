"""Our ways of computing the tables, and the plain SQL, in a process of their own: WAY SLUG; prints JSON."""

import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from uuid import UUID

import django
import pyarrow as pa

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from benchmarks.computing_rows import CONNECTION, NOW  # noqa: E402
from benchmarks.computing_sql import AMOUNTS, SEGMENT, SPINE, Monthly, monthly  # noqa: E402
from metrics.build import columns, replacing, rows, stored  # noqa: E402
from metrics.build.batch import uncollected  # noqa: E402
from metrics.build.load import fetch  # noqa: E402
from metrics.build.parts import LAST_OF_RANGES, PAYERS  # noqa: E402
from metrics.build.tally import Cut, Tally  # noqa: E402
from metrics.build.write import Build, Scope, fill  # noqa: E402
from metrics.core.definition import Definition  # noqa: E402
from metrics.core.ledger import Segment  # noqa: E402
from metrics.core.movements import movements as moves  # noqa: E402
from metrics.core.movements import steps  # noqa: E402
from metrics.models import MonthlyRevenue  # noqa: E402

FIRST, LAST = "2023-01-01", "2026-11-01"
CUT = Cut.of(Definition(movement_window="month"), NOW)
CHUNK = 5_000
# As many payers are a part of a build.
RANGE = PAYERS
PUT = f"INSERT INTO result VALUES ({', '.join(['%s'] * (2 + len(AMOUNTS)))})"  # noqa: S608 - our names
CREATE = f"CREATE TEMPORARY TABLE result (currency text, month date, {' numeric, '.join(AMOUNTS)} numeric)"
TAKEN: dict[str, float] = defaultdict(float)
# Seconds of the processor in other processes, and those until they had started, which workers have long.
APART = {"cpu": 0.0, "starting": 0.0}
Ways = Mapping[str, Callable[[UUID], Monthly]]


def main(ways: Ways) -> None:
    """Compute, and say how long each stage took and what came of it."""
    way, organization = sys.argv[1], Organization.objects.get(slug=sys.argv[2])
    # Arrow's first array imports pandas wherever it is installed: of Millrace's own packages none needs it.
    pa.array([0])
    begun, used = time.perf_counter(), time.process_time()
    found = ways[way](organization.id)
    whole = time.perf_counter() - begun - APART["starting"]
    cpu = time.process_time() - used + APART["cpu"]
    memory = max(
        resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    result = sorted([key[0], str(key[1]), *amounts] for key, amounts in found.items())
    json.dump(
        {"seconds": whole, "cpu": cpu, "memory": memory * 1024, "stages": TAKEN, "result": result}, sys.stdout
    )


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Add what a block takes to its stage."""
    begun = time.perf_counter()
    yield
    TAKEN[stage] += time.perf_counter() - begun


def ours(organization_id: UUID) -> Monthly:
    """Sum the stored segments into daily, monthly and plan tables; the next rows are fetched meanwhile."""
    tally, begun, waited = Tally(), time.perf_counter(), TAKEN["read"]
    coming = _waited(columns.batches(Build(organization_id, 1, 1), CONNECTION, CUT))
    for currency, flow in columns.flows(coming, tally, CUT):
        tally.of(currency, CUT).add(flow)
    TAKEN["compute"] += time.perf_counter() - begun - (TAKEN["read"] - waited)
    with timed("write"), tenant(organization_id):
        replacing.replace(tally, Build(organization_id, 1, 1))
    return _written(organization_id)


def _waited(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    while True:
        with timed("read"):
            batch = next(coming, None)
        if batch is None:
            return
        yield batch


def movements(organization_id: UUID) -> Monthly:
    """Do the same, and write every movement with its legs and reasons into the indexed table.

    Two processes work on ranges of payers, as workers do on the parts of a build.
    """
    with tenant(organization_id):
        lasts = fetch(LAST_OF_RANGES.format(table="metrics_segment"), (organization_id, CONNECTION, RANGE))
    bounds = ["", *(name for (name,) in lasts), None]
    ranges = [(organization_id, after, last) for after, last in pairwise(bounds)]
    begun, count, spawned = time.perf_counter(), min(2, len(ranges)), get_context("spawn")
    processes = ProcessPoolExecutor(count, spawned, spawned.Barrier(count).wait)
    list(processes.map(len, [""] * count))
    APART["starting"] = time.perf_counter() - begun
    for taken, cpu in processes.map(_range, ranges):
        APART["cpu"] += cpu
        for stage, seconds in taken.items():
            TAKEN[stage] += seconds
    processes.shutdown(wait=False)
    return ours(organization_id)


def _range(given: tuple[UUID, str, str | None]) -> tuple[dict[str, float], float]:
    """Write the movements of a range of payers; return the seconds of its stages and of the processor."""
    (organization_id, after, last), used = given, time.process_time()
    build = Build(organization_id, 1, 1)
    TAKEN.clear()
    while after != last:
        with tenant(organization_id), uncollected():
            with timed("read"):
                found = stored.valued_customers(build, CONNECTION, after, CHUNK)
                names = [name for name in found if last is None or name <= last]
                scope = Scope(CONNECTION, after=after, last=names[-1] if names else "")
                ledgers = stored.ledgers(build, scope) if names else {}
            with timed("compute"):
                moved = [row for name, ledger in ledgers.items() for row in _moved(name, ledger)]
            with timed("write"):
                fill(rows.MOVEMENT, build, moved)
        if not names:
            break
        after = names[-1]
    return dict(TAKEN), time.process_time() - used


def _moved(name: str, ledger: Sequence[Segment]) -> list[rows.Row]:
    found = moves(steps(CUT.until_now(ledger)), CUT.days())
    return rows.movement_rows(CONNECTION, name, found)


def _written(organization_id: UUID) -> Monthly:
    names = [f"{name}_micro" for name in AMOUNTS]
    with tenant(organization_id):
        return monthly(list(MonthlyRevenue.objects.values_list("currency", "month", *names)))


def postgresql(organization_id: UUID) -> Monthly:
    """Run the spine inside PostgreSQL, as the app role."""
    spine = SPINE.format(first=FIRST, last=LAST, series="series (month)")
    source = SEGMENT.format(organization=organization_id, now=NOW.isoformat())
    with tenant(organization_id), connection.cursor() as cursor:
        cursor.execute(CREATE)
        with timed("compute"):
            whole = spine.replace("WITH months", f"WITH segment AS ({source}), months", 1)
            cursor.execute(f"INSERT INTO result {whole}")
        cursor.execute("SELECT * FROM result")
        return monthly(cursor.fetchall())


WAYS: Ways = {"ours": ours, "movements": movements, "postgresql": postgresql}

if __name__ == "__main__":
    main(WAYS)
