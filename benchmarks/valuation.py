"""Valuing the stored history of an imported company: what each stage of the core costs a subscription."""

import argparse
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.processes import manage, sandbox
from billing_sync.sandbox.keys import LIVE_KEY

SLUG = "valued"
# More are no other mix, and take longer to import than to measure.
CUSTOMERS = 500


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield the microseconds of CPU that one subscription of a busy company takes, stage by stage."""
    manage("migrate")
    manage("create_organization", SLUG, "--owner", f"{SLUG}@example.com", "--currency", "usd")
    with sandbox(min(given.customers, CUSTOMERS)) as base_url:
        manage("connect_stripe", SLUG, "--api-key", LIVE_KEY, "--api-base", base_url)
        manage("sync", SLUG)
    manage("recompute", SLUG)
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.valuation_work", SLUG],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield from done.stdout.splitlines()
