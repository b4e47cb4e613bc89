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

from benchmarks.alert_rows import movements, organizations
from benchmarks.processes import PROCESSES, manage, started

STAGES = ("judged first", "nothing changed", "numbers changed")
CHANGED = "UPDATE metrics_currentbuild SET computed_at = computed_at + interval '1 second'"
ENDED = "SELECT count(*) FROM metrics_alertevaluation"
ALERTS = "SELECT count(*) FROM metrics_alert"
MOST_SECONDS = 3_600


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield how long the job takes for every organization by two processes, and a back-test."""
    manage("migrate")
    manage("create_organization", "Large", "--owner", "large@example.com", "--currency", "usd")
    begun = time.monotonic()
    with owner() as database:
        count = organizations(database, given.organizations)
        yield f"{count:,} organizations made in {time.monotonic() - begun:.0f} s; {PROCESSES} processes."
        yield ""
        yield "| every organization's job | seconds | processes' CPU seconds | CPU ms each |"
        yield "| --- | ---: | ---: | ---: |"
        for stage in STAGES:
            if stage == STAGES[-1]:
                database.execute(CHANGED)
            seconds, cpu = evaluated()
            yield f"| {stage} | {seconds:.1f} | {cpu:.1f} | {cpu * 1_000 / max(count, 1):.1f} |"
        judged, fired = (told(database, query) for query in (ENDED, ALERTS))
        yield ""
        yield f"{judged:,} currencies judged, {fired:,} alerts."
        yield ""
        moved = movements(database, "large", given.customers * 5)
        yield f"Back-test of 12 months over {moved:,} movements of {given.customers:,} customers:"
        yield ""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.alert_work", "backtest", "large"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield from done.stdout.splitlines()


def owner() -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection past row level security."""
    return psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True)


def told(database: psycopg.Connection[tuple[object, ...]], query: str) -> int:
    row = database.execute(query.encode()).fetchone()
    assert row is not None
    return int(str(row[0]))


def evaluated() -> tuple[float, float]:
    """Run every organization's job once by two processes; return the seconds, and their CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="millrace-alerts-") as directory, ExitStack() as stack:
        logs = [Path(directory) / f"{number}.log" for number in range(PROCESSES)]
        command = [sys.executable, "-m", "benchmarks.alert_work", "judge"]
        running = [
            stack.enter_context(started([*command, str(number), str(PROCESSES)], log))
            for number, log in enumerate(logs)
        ]
        for process, log in zip(running, logs, strict=True):
            if process.wait(MOST_SECONDS):
                raise RuntimeError(log.read_text())
        found = [[float(word) for word in log.read_text().splitlines()[-1].split()] for log in logs]
        return max(seconds for seconds, _ in found), sum(cpu for _, cpu in found)
