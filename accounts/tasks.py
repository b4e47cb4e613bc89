"""What Celery runs: ids in, one function called."""

import gc
from contextlib import suppress
from importlib import import_module
from typing import Any

import psutil
from billiard.util import get_pdeathsig  # type: ignore[attr-defined]
from celery import bootsteps, shared_task
from celery.signals import task_postrun, task_prerun, worker_init, worker_ready
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from accounts import jobs, leases, standing
from accounts.app_role import refuse_unsafe_start
from accounts.tenancy import blank_tenant
from config.celery import app

# What a process of the pool may take beyond what is loaded before another takes its place.
ROOM_KIB = 24 * 1024
REPLACED_SECONDS = 0.2


@shared_task(name="accounts.tasks.run_job")
def run_job(job_id: str) -> None:
    """Work on the due job whose turn it is, whichever was told of; each message is one turn."""
    jobs.run_next()


@shared_task(name="accounts.tasks.sweep")
def sweep() -> None:
    """Find the jobs that nobody works on and nobody was told about."""
    jobs.sweep()
    standing.ensure()


@worker_init.connect
def check_role(**kwargs: Any) -> None:
    """Refuse to start under a role that row level security does not bind."""
    refuse_unsafe_start()


@worker_init.connect
def share_what_is_loaded(**kwargs: Any) -> None:
    """Let the processes of the pool share what is loaded: a search for garbage would copy it for each."""
    # Letters name pages: all of them would be loaded by each.
    import_module(settings.ROOT_URLCONF)
    with suppress(OSError):
        # Each of them makes this call, by a parser of C of 5 MB that takes a quarter of a second to set up.
        get_pdeathsig()
    gc.collect()
    gc.freeze()


@worker_init.connect
def give_back_memory(sender: Any, **kwargs: Any) -> None:
    """Let a process of the pool that a big job has swollen end after it: Python would keep what it took."""
    if sender.max_memory_per_child is None:
        used = psutil.Process().memory_info()
        # What files hold counts once a process has read it itself.
        sender.max_memory_per_child = (used.rss - getattr(used, "shared", 0)) // 1024 + ROOM_KIB


@task_prerun.connect
def forget_tenant(**kwargs: Any) -> None:
    """Start every task without an organization, so that leaked context fails."""
    try:
        blank_tenant()
    except (OperationalError, InterfaceError):
        # The connection may have died while nothing came.
        connection.close()
        blank_tenant()


@task_postrun.connect
def give_back_connection(**kwargs: Any) -> None:
    """Return the connection to the process's pool, which keeps it with all that it has prepared."""
    connections.close_all()


@worker_ready.connect
def free_dead_leases(**kwargs: Any) -> None:
    """Free what a killed worker of this host left behind."""
    leases.release_host()
    sweep.delay()


class Replacing(bootsteps.StartStopStep):
    """Look often for processes of the pool that have ended: Celery misses most, and looks every 5 seconds."""

    def start(self, consumer: Any) -> None:
        consumer.timer.call_repeatedly(REPLACED_SECONDS, consumer.pool.maintain_pool)


app.steps["consumer"].add(Replacing)
