"""What Celery runs: ids in, one function called."""

import gc
from typing import Any

from celery import shared_task
from celery.signals import task_postrun, task_prerun, worker_init, worker_ready
from django.db import InterfaceError, OperationalError, connection, connections

from accounts import jobs, leases, standing
from accounts.app_role import refuse_unsafe_start
from accounts.tenancy import blank_tenant


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
    gc.collect()
    gc.freeze()


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
