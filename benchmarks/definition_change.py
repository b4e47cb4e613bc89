"""A change of the rules, from when it is made to numbers that readers see, by one process and by two."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.processes import working
from benchmarks.usage import Memory, cpu_seconds, family

CHANGES = {1: "none", 2: "forever_and_repeating"}
PATIENCE_SECONDS, LOOK_SECONDS = 1_200, 0.05
MADE = (
    "SELECT extract(epoch FROM clock_timestamp() - rules.created_at)::float "
    "FROM metrics_currentbuild shown JOIN metrics_definition rules USING (organization_id) "
    "JOIN accounts_organization o ON o.id = rules.organization_id "
    "WHERE o.slug = %s AND rules.version = shown.definition_version AND rules.version = ("
    "SELECT max(version) FROM metrics_definition m WHERE m.organization_id = o.id)"
)
# What follows a build within the minute, cohorts and the like, would otherwise be counted with the next.
BUSY = (
    "SELECT count(*) FROM accounts_job "
    "WHERE state = 'running' OR state = 'queued' AND next_at < now() + interval '1 minute'"
)
Database = psycopg.Connection[tuple[object, ...]]
HEAD = (
    "",
    "| subscriptions | processes | seconds | their CPU seconds | PostgreSQL's | largest process |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
)


def report(database: Database, slug: str, size: int) -> Iterator[str]:
    """Yield what a change takes by workers of one and of two processes."""
    alone = 0.0
    for processes, discounts in CHANGES.items():
        seconds, own, servers, largest = _changed(database, slug, processes, discounts)
        alone = alone or seconds
        ratio = f" ({alone / seconds:.1f} times as fast)" if processes > 1 else ""
        yield (
            f"| {size:,} | {processes} | {seconds:.1f}{ratio} | {own:.1f} | {servers:.1f} "
            f"| {largest / 2**20:.0f} MiB |"
        )


def _changed(
    database: Database, slug: str, processes: int, discounts: str
) -> tuple[float, float, float, int]:
    (server,) = database.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    postmaster = next(family(int(str(server)))).ppid()
    with (
        TemporaryDirectory(prefix="millrace-worker-") as directory,
        working(Path(directory), processes) as worker,
        Memory(worker.pid) as memory,
    ):
        _rest(database)
        before = cpu_seconds(worker.pid), cpu_seconds(postmaster)
        change = [sys.executable, "-m", "benchmarks.definition_work", slug, "--discounts", discounts]
        subprocess.run(change, check=True)  # noqa: S603 - our own module
        seconds = _shown(database, slug)
        own, servers = cpu_seconds(worker.pid) - before[0], cpu_seconds(postmaster) - before[1]
    return seconds, own, servers, memory.largest


def _shown(database: Database, slug: str) -> float:
    """Wait until readers see the newest rules' numbers; return how long ago those rules were made."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = database.execute(MADE, [slug]).fetchone()
        if found:
            return float(str(found[0]))
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"The numbers of {slug} do not follow its rules.")


def _rest(database: Database) -> None:
    """Wait until the worker has nothing to do for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while database.execute(BUSY).fetchone() != (0,):
        if time.monotonic() > deadline:
            raise RuntimeError("The worker does not come to rest.")
        time.sleep(LOOK_SECONDS)
