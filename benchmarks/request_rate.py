"""How much of what Stripe permits the import uses, while the API answers in 100 ms."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks import usage
from benchmarks.processes import manage, sandbox, working
from benchmarks.sync import until
from billing_sync.sandbox.keys import FULL_KEY, LIVE_KEY

LATENCY_MS, CUSTOMERS = 100, 2_000
# The share of the permitted rate that is to be kept, and of the cores from which on they are the bound.
KEPT, BUSY = 0.9, 0.85
# Stripe permits so many requests a second of each list, whatever it permits of all together.
OF_EACH = 25
MODES = {"test": (FULL_KEY, 25), "live": (LIVE_KEY, 100)}
READ_TO_ITS_END = (
    "SELECT count(*) FROM billing_sync_connection JOIN accounts_organization ON organization_id = "
    "accounts_organization.id WHERE slug = '{}' AND imported_at IS NOT NULL"
)
OBJECTS = (
    "SELECT coalesce(sum(objects_done), 0) FROM billing_sync_synccursor JOIN accounts_organization "
    "ON organization_id = accounts_organization.id WHERE slug = '{}' AND resource <> 'event_poll'"
)
HEAD = "| limits | permitted/s | kept/s | share | refused | objects/s | objects per CPU second | bound by |"


@dataclass(frozen=True, slots=True)
class Rate:
    """What an import asked for a second, what it might have, and what it cost us.

    `permitted` is the mean rate of an import that is never slower than the limits make it: the longest
    list ends last, at a list's own rate.
    """

    mode: str
    permitted: float
    requests: int
    seconds: float
    refused: int
    objects: int
    worker_cpu: float
    machine_cpu: float

    @property
    def achieved(self) -> float:
        """Return the requests a second that were answered."""
        return (self.requests - self.refused) / self.seconds

    @property
    def share(self) -> float:
        """Return the achieved share of what is permitted."""
        return self.achieved / self.permitted

    @property
    def per_core(self) -> float:
        """Return the objects that one core, were it the worker's alone, takes in a second."""
        return self.objects / self.worker_cpu

    @property
    def bound(self) -> str:
        """Say what kept the import from being faster."""
        cores = os.cpu_count() or 1
        if self.share >= KEPT:
            return "the API's limit"
        if self.worker_cpu / self.seconds >= BUSY * cores:
            return "our CPU"
        if self.machine_cpu / self.seconds >= BUSY * cores:
            ours = self.worker_cpu / self.seconds / cores
            return f"the machine: we had {ours:.0%} of its CPU"
        return "neither: it waited"


def request_rate(slug: str, mode: str, customers: int = CUSTOMERS) -> Rate:
    """Import a company into an organization of this environment by a worker, against a mode's limits."""
    key, limit = MODES[mode]
    with (
        sandbox(customers, f"latency={LATENCY_MS},limits={mode}") as base_url,
        tempfile.TemporaryDirectory(prefix="millrace-rate-") as directory,
        psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database,
        working(Path(directory)) as worker,
    ):
        manage("connect_stripe", slug, "--api-key", key, "--api-base", base_url)
        while not told(base_url)["endpoints"].get("GET events"):
            time.sleep(0.05)
        told(base_url, "DELETE")
        cpu, busy, began = usage.cpu_seconds(worker.pid), usage.machine_seconds(), time.monotonic()
        until(database, READ_TO_ITS_END.format(slug), worker)
        seconds, shown = time.monotonic() - began, told(base_url)
        used, busy = usage.cpu_seconds(worker.pid) - cpu, usage.machine_seconds() - busy
        (objects,) = database.execute(OBJECTS.format(slug)).fetchone() or (0,)
    answered, refused = shown["requests"], shown["rate_limited"]
    permitted = rate_permitted(shown["endpoints"], limit)
    return Rate(mode, permitted, answered, seconds, refused, int(objects), used, busy)


def rate_permitted(requests: Mapping[str, int], limit: int) -> float:
    """Return the requests a second at which so many of each list are answered soonest."""
    total = sum(requests.values())
    return total / max(total / limit, max(requests.values()) / OF_EACH)


def told(base_url: str, method: str = "GET") -> dict[str, Any]:
    """Return what the sandbox counted; DELETE begins anew."""
    asking = HTTPConnection(urlsplit(base_url).netloc, timeout=30)
    with closing(asking):
        asking.request(method, "/_sandbox/stats")
        found: dict[str, Any] = json.loads(asking.getresponse().read())
    return found


def report(given: argparse.Namespace) -> Iterator[str]:
    """Import once against the limits of each mode, and yield what share of them was used."""
    manage("migrate", "--verbosity", "0")
    yield f"An import while the API answers in {LATENCY_MS} ms, from the first page to the last."
    yield ""
    yield HEAD
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    for mode in MODES:
        slug = f"rate-{mode}"
        manage("create_organization", slug, "--owner", "rate@example.com", "--currency", "usd")
        yield row(request_rate(slug, mode, min(given.customers, CUSTOMERS * MODES[mode][1] // 25)))
    yield ""
    yield "- Objects per CPU second: of all the worker's processes; the sandbox has its own."
    yield "  A page holds 100 objects: the whole rate for live accounts is 10,000 objects a second."
    yield f"- Permitted: {OF_EACH} a second of each list, and {MODES['test'][1]} of all with a test key,"
    yield f"  {MODES['live'][1]} with a live one; what is left of the longest list comes at a list's rate."
    yield f"- Bound by: the API's limit from {KEPT:.0%} of it on; below, our CPU or the machine, where it"
    yield f"  has the cores at work for {BUSY:.0%} of the time."


def row(found: Rate) -> str:
    cells = [
        found.mode,
        f"{found.permitted:.0f}",
        f"{found.achieved:.1f}",
        f"{found.share:.0%}",
        f"{found.refused}",
        f"{found.objects / found.seconds:,.0f}",
        f"{found.per_core:,.0f}",
        found.bound,
    ]
    return f"| {' | '.join(cells)} |"
