"""One webhook on its way to committed tables, and batches of changes, in a company of any size."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg

from benchmarks.increment_rows import multiply
from benchmarks.processes import manage, sandbox
from billing_sync.sandbox.keys import LIVE_KEY

SLUG = "increments"
# These have objects of Stripe's behind them and change; the others make the tables as large as they get.
ALIVE = 300


def report(given: argparse.Namespace) -> Iterator[str]:
    """Import a busy company, copy its rows up to the size asked for, then change it; yield what that took."""
    manage("migrate", "--verbosity", "0")
    manage("create_organization", SLUG, "--owner", "increments@example.com", "--currency", "usd")
    with sandbox(min(ALIVE, given.customers)) as base_url:
        manage("connect_stripe", SLUG, "--api-key", LIVE_KEY, "--api-base", base_url)
        manage("sync", SLUG)
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
            yield from multiply(database, given.customers)
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.increment_work", SLUG, base_url],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield from done.stdout.splitlines()
