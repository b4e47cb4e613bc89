"""A company's first import and its numbers, by a real worker on a sandbox in a process of its own."""

import argparse
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import usage, watched
from benchmarks.processes import PROCESSES, manage, sandbox, working
from billing_sync.sandbox.keys import LIVE_KEY

LOOK_SECONDS = 0.2
OBJECTS = "SELECT coalesce(sum(objects_done), 0) FROM billing_sync_synccursor WHERE resource <> 'event_poll'"
IMPORTED = "SELECT count(*) FROM billing_sync_connection WHERE imported_at IS NOT NULL"
BUILT = (
    "SELECT count(*) FROM metrics_currentbuild "
    "WHERE NOT EXISTS (SELECT FROM billing_sync_dirtycustomer) AND connection_ids <> '{}'"
)
FAILED = "SELECT kind || ' ' || key || ': ' || last_error FROM accounts_job WHERE state = 'set_aside'"
HELD = "SELECT count(*) FROM billing_sync_{}"
HEAD = (
    "| stage | seconds | per 1,000 objects | worker CPU | per 1,000 objects | objects per CPU second "
    "| database CPU | waits for the API | waits for the database | others' CPU |"
)
QUIET = 0.5
COUNTED = ("customer", "subscription", "invoice", "event")


@dataclass(frozen=True, slots=True)
class Reading:
    """What had been used up to an instant."""

    at: float
    worker_cpu: float
    database_cpu: float
    machine_cpu: float
    looks: Counter[str]


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the way between two readings."""

    name: str
    begun: Reading
    ended: Reading

    @property
    def seconds(self) -> float:
        return self.ended.at - self.begun.at

    @property
    def worker_cpu(self) -> float:
        return self.ended.worker_cpu - self.begun.worker_cpu

    @property
    def database_cpu(self) -> float:
        return self.ended.database_cpu - self.begun.database_cpu

    @property
    def machine_cpu(self) -> float:
        return self.ended.machine_cpu - self.begun.machine_cpu

    def share(self, state: str) -> float | None:
        """Return which share of the looks at working processes found this state, None without looks."""
        found = self.ended.looks - self.begun.looks
        return found[state] / total if (total := found.total()) else None


@dataclass(slots=True)
class Walk:
    """The way from an empty mirror to complete numbers: its stages, what it held, its peak of memory."""

    stages: list[Stage] = field(default_factory=list)
    objects: int = 0
    held: dict[str, int] = field(default_factory=dict)
    together_bytes: int = 0
    largest_bytes: int = 0

    def all(self) -> Stage:
        """Return the whole way as one stage."""
        return Stage("all", self.stages[0].begun, self.stages[-1].ended)


def walk(slug: str, base_url: str) -> Walk:
    """Connect an organization of this environment's servers and let a worker do the rest, watched."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-watched-")))
        database = stack.enter_context(psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True))
        manage("connect_stripe", slug, "--api-key", LIVE_KEY, "--api-base", base_url)
        server = one(database, "SELECT pg_backend_pid()")
        postmaster = next(usage.family(server)).ppid()
        worker = stack.enter_context(working(directory))
        memory = stack.enter_context(usage.Memory(worker.pid))

        def read() -> Reading:
            return Reading(
                time.monotonic(),
                usage.cpu_seconds(worker.pid),
                usage.cpu_seconds(postmaster),
                usage.machine_seconds(),
                watched.looks(directory),
            )

        found = Walk()
        readings = [read()]
        for name, ended in (("import", IMPORTED), ("compute", BUILT)):
            until(database, ended, worker)
            readings.append(read())
            found.stages.append(Stage(name, *readings[-2:]))
        found.objects = one(database, OBJECTS)
        found.held = {name: one(database, HELD.format(name)) for name in COUNTED}
    found.together_bytes, found.largest_bytes = memory.together, memory.largest
    return found


def until(database: "psycopg.Connection[Any]", reached: str, worker: "subprocess.Popen[bytes]") -> None:
    """Wait for a statement to count something; give up with the reason where a job or the worker failed."""
    while not one(database, reached):
        failed = database.execute(FAILED).fetchall()
        if failed or worker.poll() is not None:
            raise RuntimeError(f"The worker failed: {[why for (why,) in failed]}")
        time.sleep(LOOK_SECONDS)


def one(database: "psycopg.Connection[Any]", statement: str) -> int:
    row = database.execute(statement).fetchone()
    return int(row[0]) if row else 0


def report(given: argparse.Namespace) -> Iterator[str]:
    """Walk the way with a company of the size asked for, and yield what it took."""
    manage("migrate", "--verbosity", "0")
    manage("create_organization", "Bench", "--owner", "bench@example.com", "--currency", "usd")
    faults = f"latency={given.latency}" if given.latency else ""
    with sandbox(given.customers, faults) as base_url:
        found = walk("bench", base_url)
    yield from told(found, given.latency)
    for arguments in (["recompute", "bench"], ["metrics", "bench", "--months", "36"]):
        began = time.monotonic()
        manage(*arguments)
        yield f"- `manage.py {' '.join(arguments)}`, the whole command: {time.monotonic() - began:.1f} s"


def told(found: Walk, latency: int) -> Iterator[str]:
    """Yield the figures of a walk in words."""
    held = ", ".join(f"{count:,} {name}s" for name, count in found.held.items())
    yield f"A first import of {found.objects:,} objects ({held}) from a sandbox on the same machine,"
    yield f"which answers {latency} ms late, within Stripe's limits for live accounts, by a worker of "
    yield f"{PROCESSES} processes; then its numbers."
    yield ""
    yield HEAD
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for stage in [*found.stages, found.all()]:
        yield row(stage, found.objects)
    yield ""
    yield f"- Memory of the worker at its peak: {found.together_bytes / 2**20:.0f} MiB (all its processes, "
    yield "  pages that they share counted once); its largest process alone "
    yield f"  {found.largest_bytes / 2**20:.0f} MiB."
    yield "- Waits: the share of looks (20 a second) at processes with a job that found the job waiting for"
    yield "  a request while no request was doing anything but wait or keep to the limits, or waiting for "
    yield "  PostgreSQL."
    yield "- Others' CPU: what everything else on the machine used, the sandbox included, as a share of the"
    yield "  machine's cores."
    if others(found.all()) > QUIET:
        yield "- The machine was busy with other work, so the seconds say little; CPU and memory do."


def row(stage: Stage, objects: int) -> str:
    thousands = objects / 1_000
    cells = [
        stage.name,
        f"{stage.seconds:.1f}",
        f"{stage.seconds / thousands:.3f}",
        f"{stage.worker_cpu:.1f}",
        f"{stage.worker_cpu / thousands:.3f}",
        f"{objects / stage.worker_cpu:,.0f}" if stage.worker_cpu else "–",
        f"{stage.database_cpu:.1f}",
        percent(stage.share(watched.API)),
        percent(stage.share(watched.DATABASE)),
        percent(others(stage)),
    ]
    return f"| {' | '.join(cells)} |"


def others(stage: Stage) -> float:
    """Return which share of the machine's cores other processes used."""
    used = stage.machine_cpu - stage.worker_cpu - stage.database_cpu
    return used / (stage.seconds * (os.cpu_count() or 1))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
