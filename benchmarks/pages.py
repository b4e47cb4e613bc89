"""How long each page takes its server, over a company of so many customers."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg

from benchmarks.filling import company
from benchmarks.processes import manage

SLUG, OWNER = "pages", "pages@example.com"


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield the latency of every page that reads what grows with the customers."""
    yield from made(given.customers)
    yield ""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.pages_work", SLUG, OWNER],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield from done.stdout.splitlines()


def made(customers: int) -> Iterator[str]:
    """Make the company where there is none yet, and say how long that took."""
    manage("migrate")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        if database.execute("SELECT FROM accounts_organization WHERE slug = %s", [SLUG]).fetchone():
            return
        manage("create_organization", SLUG, "--owner", OWNER, "--currency", "usd")
        begun = time.monotonic()
        company(database, SLUG, customers)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    took = time.monotonic() - begun
    yield f"{customers:,} customers over 36 months, written in {took:.0f} s by the app role."
