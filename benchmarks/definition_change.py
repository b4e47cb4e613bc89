"""A change of the rules, from when it is made to numbers that readers see, by one process and by two."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.processes import READY_SECONDS, started, until
from benchmarks.usage import Memory, cpu_seconds, family
from config.embedded.children import stop

CHANGES = {1: "none", 2: "forever_and_repeating"}
PATIENCE_SECONDS = 1_200
MADE = (
    "SELECT extract(epoch FROM clock_timestamp() - rules.created_at)::float "
    "FROM metrics_currentbuild shown JOIN metrics_definition rules USING (organization_id) "
    "JOIN accounts_organization o ON o.id = rules.organization_id "
    "WHERE o.slug = %s AND rules.version = shown.definition_version AND rules.version = ("
    "SELECT max(version) FROM metrics_definition m WHERE m.organization_id = o.id)"
)
Database = psycopg.Connection[tuple[object, ...]]


def report(database: Database, slug: str, size: int) -> Iterator[str]:
    """Yield what a change takes by workers of one and of two processes."""
    yield ""
    yield "| subscriptions | processes | seconds | their CPU seconds | PostgreSQL's | largest process |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
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
    with _working(processes) as worker, Memory(worker.pid) as memory:
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
        time.sleep(0.05)
    raise RuntimeError(f"The numbers of {slug} do not follow its rules.")


@contextmanager
def _working(processes: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", f"--concurrency={processes}"]
    with TemporaryDirectory(prefix="millrace-worker-") as directory:
        log = Path(directory) / "worker.log"
        worker = started([*command, "--loglevel=INFO"], log, DJANGO_SETTINGS_MODULE="config.settings")
        try:
            until(lambda: b" ready." in log.read_bytes(), worker, log, READY_SECONDS)
            yield worker
        finally:
            stop(worker)
