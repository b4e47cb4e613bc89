"""Two processes side by side on one organization's marks, as those of a worker are."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import NamedTuple
from uuid import UUID

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.pipeline import ask  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from metrics.build.increment import increment  # noqa: E402

PROCESSES = 2
SETTLE_SECONDS = 60
_begun: list[Barrier] = []


class Spent(NamedTuple):
    """When a process began and ended by the machine's clock; its CPU and its backend's, in seconds."""

    began: float
    ended: float
    ours: float
    theirs: float


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Have processes that have started, as a worker's have long."""
    spawned = get_context("spawn")
    barrier = spawned.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, spawned, _begin, (barrier,)) as started:
        yield started


def side_by_side(started: ProcessPoolExecutor, organization_id: UUID, at_once: int) -> Spent:
    """Work off all marks, so many at a time; return the whole span and what all processes spent."""
    given = [organization_id] * PROCESSES
    found = list(started.map(_drained, given, [at_once] * PROCESSES))
    began, ended, ours, theirs = zip(*found, strict=True)
    return Spent(min(began), max(ended), sum(ours), sum(theirs))


def drained(organization_id: UUID, at_once: int) -> Spent:
    """Work off marks until none is left; return what that took."""
    with tenant(organization_id):
        ((pid,),) = ask("SELECT pg_backend_pid()")
    backend = psutil.Process(pid)
    began, ours, before = time.monotonic(), time.process_time(), backend.cpu_times()
    while increment(organization_id, at_once):
        pass
    after = backend.cpu_times()
    theirs = after.user + after.system - before.user - before.system
    return Spent(began, time.monotonic(), time.process_time() - ours, theirs)


def _begin(barrier: Barrier) -> None:
    _begun.append(barrier)


def _drained(organization_id: UUID, at_once: int) -> Spent:
    _begun[0].wait(SETTLE_SECONDS)
    return drained(organization_id, at_once)
