"""From stored segments to written tables, by us and by what others would use; equal results are asserted."""

import argparse
import json
import math
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks import usage
from benchmarks.processes import manage

ONCE = 1_000_000
WAYS = {
    "ours": "Millrace: daily, monthly and plan tables",
    "postgresql": "spine SQL in PostgreSQL",
    "duckdb": "spine SQL in DuckDB",
    "pandas": "pandas notebook",
}
MOVEMENTS = "Millrace: every movement's row as well"
EMPTIED = (
    "metrics_dailyrevenue",
    "metrics_monthlyrevenue",
    "metrics_planrevenue",
    "metrics_movement",
)
TEMPORARY = "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()"
HEAD = (
    "way",
    "seconds",
    "× ours",
    "read",
    "compute",
    "write",
    "own CPU",
    "database CPU",
    "MB",
    "MB in files",
)
Run = dict[str, Any]
Database = psycopg.Connection[tuple[Any, ...]]


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield time, its stages and memory of each way at each size, and how they grow."""
    manage("migrate")
    medians: dict[str, dict[int, float]] = defaultdict(dict)
    yield "All read the segments from PostgreSQL and write to it. Medians, in seconds; runs take turns."
    for size in given.sizes:
        runs, segments = _measured(size)
        yield from ("", f"### {size:,} customers, {segments / size:.1f} segments each, 36 months", "")
        yield from _table(runs)
        for way, found in runs.items():
            medians[way][size] = median(run["seconds"] for run in found)
    yield ""
    yield "Database CPU is that of all PostgreSQL's processes, ours that which computes; × is of seconds."
    yield "Two processes at once write the movements, so that their stages come to more than the seconds."
    if len(given.sizes) > 1:
        yield from ("", "Growth exponents: " + _exponents(medians, given.sizes) + ".")


def _measured(size: int) -> tuple[dict[str, list[Run]], int]:
    slug = f"computed-{size}"
    manage("create_organization", slug, "--owner", f"{slug}@example.com", "--currency", "usd")
    _worked("computing_rows", slug, str(size))
    runs: dict[str, list[Run]] = defaultdict(list)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        database.execute("VACUUM ANALYZE metrics_segment")
        for _ in range(3 if size < ONCE else 1):
            for way in WAYS:
                runs[way].append(_run(database, way, slug))
        runs["movements"].append(_run(database, "movements", slug))
        counted = database.execute(
            "SELECT count(*) FROM metrics_segment s JOIN accounts_organization o ON o.id = s.organization_id "
            "WHERE o.slug = %s",
            [slug],
        ).fetchone()
    results = {json.dumps(run["result"]) for found in runs.values() for run in found}
    if len(results) != 1:
        raise RuntimeError(f"The ways do not agree at {size:,} customers.")
    return runs, counted[0] if counted else 0


def _run(database: Database, way: str, slug: str) -> Run:
    for table in EMPTIED:
        database.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    temporary, server = _temporary(database), psutil.Process(database.info.backend_pid).ppid()
    used = usage.cpu_seconds(server)
    module = "computing_rivals" if way in ("duckdb", "pandas") else "computing_work"
    run: Run = json.loads(_worked(module, way, slug))
    used = usage.cpu_seconds(server) - used
    return run | {"temporary": _temporary(database) - temporary, "database": used}


def _worked(module: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def _temporary(database: Database) -> int:
    found = database.execute(TEMPORARY).fetchone()
    return int(found[0]) if found else 0


def _table(runs: Mapping[str, list[Run]]) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield f"| --- |{' ---: |' * (len(HEAD) - 1)}"
    ours = median(run["seconds"] for run in runs["ours"])
    for way, found in runs.items():
        seconds = median(run["seconds"] for run in found)
        stages = [
            median(run["stages"].get(stage, 0) for run in found) for stage in ("read", "compute", "write")
        ]
        used = (median(run[whose] for run in found) for whose in ("cpu", "database"))
        told = " | ".join(f"{one:.2f}" for one in (seconds, seconds / ours, *stages, *used))
        memory = max(run["memory"] for run in found) / 1e6
        spilled = max(run["temporary"] for run in found) / 1e6
        yield f"| {WAYS.get(way, MOVEMENTS)} | {told} | {memory:.0f} | {spilled:.0f} |"


def _exponents(medians: Mapping[str, Mapping[int, float]], sizes: Sequence[int]) -> str:
    least, most = sizes[0], sizes[-1]
    grown = {way: found[most] / found[least] for way, found in medians.items()}
    return ", ".join(f"{way} {math.log(by) / math.log(most / least):.2f}" for way, by in grown.items())
