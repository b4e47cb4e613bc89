"""What Celery runs: ids in, one function called."""

from typing import Any

from celery import shared_task
from celery.signals import task_prerun, worker_init, worker_ready

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


@task_prerun.connect
def forget_tenant(**kwargs: Any) -> None:
    """Start every task without an organization, so that leaked context fails."""
    blank_tenant()


@worker_ready.connect
def free_dead_leases(**kwargs: Any) -> None:
    """Free what a killed worker of this host left behind."""
    leases.release_host()
    sweep.delay()
