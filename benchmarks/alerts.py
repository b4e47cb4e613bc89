"""Judging the alert rules of many organizations, and back-testing one of a large one."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import usage, watched
from benchmarks.alert_rows import large, organizations
from benchmarks.processes import PROCESSES, manage, until, working
from benchmarks.sync import Reading, Stage, one, others, percent

# What is done to every organization before its rules are looked at once more.
STAGES = {
    "judged first": "DELETE FROM metrics_alertevaluation",
    "nothing changed": "SELECT 1",
    "numbers changed": "UPDATE metrics_currentbuild SET computed_at = computed_at + interval '1 second'",
    "a new day": "UPDATE metrics_alertevaluation SET through = through - 1",
}
DUE = "UPDATE accounts_job SET next_at = now() WHERE kind = 'evaluate_alerts'"
LOOKED = (
    "SELECT bool_and(state = 'queued' AND next_at > now()) FROM accounts_job WHERE kind = 'evaluate_alerts'"
)
FAILED = "SELECT count(*) FROM accounts_job WHERE last_error <> ''"
JUDGED = "SELECT count(*) FROM metrics_alertevaluation"
ALERTS = "SELECT count(*) FROM metrics_alert"
MOST_SECONDS = 3_600
BACKTESTED = 100_000
HEAD = "| every organization's job | seconds | worker CPU | database CPU | CPU ms each | others' CPU |"


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield what a worker takes for every organization, and how long a back-test takes."""
    manage("migrate")
    manage("create_organization", "Large", "--owner", "large@example.com", "--currency", "usd")
    begun = time.monotonic()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        count = organizations(database, given.organizations)
        work("wait")
        yield f"{count:,} organizations made in {time.monotonic() - begun:.0f} s; {PROCESSES} processes."
        yield from ("", HEAD, "| --- | ---: | ---: | ---: | ---: | ---: |")
        for stage in stages(database):
            cpu = stage.worker_cpu + stage.database_cpu
            yield (
                f"| {stage.name} | {stage.seconds:.1f} | {stage.worker_cpu:.1f} | {stage.database_cpu:.1f} "
                f"| {cpu * 1_000 / count:.1f} | {percent(others(stage))} |"
            )
        yield ""
        yield f"{one(database, JUDGED):,} currencies judged, {one(database, ALERTS):,} alerts."
        yield "The seconds hold the worker's own rhythm: it looks for due jobs every few."
        yield ""
        yield f"Back-test of 12 months over {large(database, 'large', BACKTESTED)}:"
        database.execute("VACUUM ANALYZE")
        yield ""
    yield from work("backtest", "large")


def stages(database: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Stage]:
    """Let a worker look at every organization, stage after stage."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-alerts-")))
        postmaster = next(usage.family(one(database, "SELECT pg_backend_pid()"))).ppid()
        worker = stack.enter_context(working(directory))

        def read() -> Reading:
            return Reading(
                time.monotonic(),
                usage.cpu_seconds(worker.pid),
                usage.cpu_seconds(postmaster),
                usage.machine_seconds(),
                watched.looks(directory),
            )

        for name, before in STAGES.items():
            database.execute(before.encode())
            database.execute("VACUUM ANALYZE")
            begun = read()
            database.execute(DUE.encode())
            until(lambda: one(database, LOOKED), worker, directory / "worker.log", MOST_SECONDS)
            yield Stage(name, begun, read())
            if one(database, FAILED):
                raise RuntimeError((directory / "worker.log").read_text()[-4000:])


def work(*arguments: str) -> list[str]:
    """Run a process that knows Millrace's code, and return what it says."""
    command = [sys.executable, "-m", "benchmarks.alert_work", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()
