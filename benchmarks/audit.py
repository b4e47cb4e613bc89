"""The nightly audit of a large company: every range, its database's CPU and memory, and temporary files."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg

from benchmarks import audit_rows
from benchmarks.processes import manage

SLUG = "audited"
# Built by the core; the others are copies of theirs under other names.
BUILT = 4_000


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield how long an audit takes, in how much memory, and that it finds no drift."""
    manage("migrate")
    manage("create_organization", SLUG, "--owner", f"{SLUG}@example.com", "--currency", "usd")
    built = min(given.customers, BUILT)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        audit_rows.history(database, SLUG, built)
        work("build")
        audit_rows.multiply(database, SLUG, max(1, given.customers // built))
        database.execute("VACUUM ANALYZE")
    yield from work("audit")


def work(what: str) -> list[str]:
    """Run a process that knows Millrace's code, and return what it says."""
    command = [sys.executable, "-m", "benchmarks.audit_work", what, SLUG]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()
