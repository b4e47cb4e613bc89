"""Work that survives anything: rows in PostgreSQL are the truth, Celery only wakes.

A handler runs outside any transaction and enters `tenant()` itself; it may run twice without harm.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from kombu.exceptions import KombuError, OperationalError
from redis import Redis
from redis.exceptions import RedisError

from accounts import leases, turns
from accounts.asking import Asked, ask_for
from accounts.models import Job
from accounts.pipeline import Road, together
from accounts.redaction import describe
from config.celery import app
from config.clock import now

logger = logging.getLogger(__name__)

SLICE_SECONDS = 10
MOST_WOKEN = 100
FORGOTTEN_AFTER = timedelta(days=7)
NAMES = uuid.UUID("5f0b7a52-7f0e-4d0c-9f5e-0d8f3f6f8a11")
State = Job.State


class Progress(Enum):
    DONE = "done"
    MORE = "more"


DONE, MORE = Progress.DONE, Progress.MORE


@dataclass(frozen=True, slots=True)
class Later:
    """Progress was made and the next run is due at a time of `config.clock`."""

    at: datetime


Outcome = Progress | Later
Handler = TypeVar("Handler", bound=Callable[..., Outcome])
_handlers: dict[str, Callable[..., Outcome]] = {}
_at_once: dict[str, int] = {}
_broker_away_until = 0.0
_foreground: ContextVar[bool] = ContextVar("foreground", default=False)
# Whether a command runs the job at work and waits for its end.
in_foreground = _foreground.get
_at_work: ContextVar["leases.Heartbeat | None"] = ContextVar("at_work", default=None)


class UnknownKindError(LookupError):
    """Raised where no code of this release handles a kind of job."""


class JobFailed(RuntimeError):  # noqa: N818
    """Raised in the foreground when a job was set aside; its text is the job's last error."""


def handler(kind: str, *, at_once: int = 1) -> Callable[[Handler], Handler]:
    """Register what does one kind of job, `(organization_id, key) -> Outcome`, and how many in one turn."""

    def register(function: Handler) -> Handler:
        if _handlers.setdefault(kind, function) is not function:
            raise ValueError(f"Two functions handle {kind!r}.")
        _at_once[kind] = at_once
        return function

    return register


@lru_cache(maxsize=10_000)
def job_id(organization_id: UUID | None, kind: str, key: str = "") -> UUID:
    """Return the id of the one job with this organization, kind and key."""
    return uuid.uuid5(NAMES, f"{organization_id}\n{kind}\n{key}")


def enqueue(organization_id: UUID | None, kind: str, key: str = "", *, at: datetime | None = None) -> None:
    """Ask for a job to run, in the caller's transaction: once however often asked, again if it runs now.

    The row stays locked until the caller commits, so ask last.
    """
    with together() as road:
        told = _ask(road, organization_id, kind, key, at)
    _tell(told, at)


def enqueue_by(
    road: Road, organization_id: UUID | None, kind: str, key: str = "", *, at: datetime | None = None
) -> None:
    """Do as `enqueue`, by the road of the transaction in progress."""
    _tell(_ask(road, organization_id, kind, key, at), at)


def _tell(asked: Asked, at: datetime | None) -> None:
    if at is None:
        transaction.on_commit(lambda: wake(asked.id) if asked.is_news() else None, robust=True)


def _ask(road: Road, organization_id: UUID | None, kind: str, key: str, at: datetime | None) -> Asked:
    wanted, delay = job_id(organization_id, kind, key), _until(at) if at else timedelta(0)
    return ask_for(road, wanted, organization_id, kind, key, delay)


def _until(at: datetime) -> timedelta:
    """Return how long to wait for a time of our clock, which a test or a demo may have set."""
    return max(at - now(), timedelta(0))


def wake(wanted: UUID) -> None:
    """Tell a worker about a job; without a broker the sweep finds it, and for a while nobody asks again."""
    global _broker_away_until
    if _foreground.get() or time.monotonic() < _broker_away_until:
        return
    try:
        app.send_task("accounts.tasks.run_job", [str(wanted)], retry=False)
    except (KombuError, OperationalError, OSError) as error:
        _broker_away_until = time.monotonic() + settings.SWEEP_SECONDS
        logger.warning("Jobs wait for the next sweep: %s", describe(error))


def run(wanted: UUID) -> bool:
    """Claim a job and work on it for a slice of time; False if it was not due or someone else has it."""
    if connection.in_atomic_block:
        raise RuntimeError("A job runs outside any transaction.")
    job = leases.take(wanted)
    if job is None:
        return False
    owner = job.owner
    turns.served(job.organization_id)
    with leases.Heartbeat(wanted, owner) as heartbeat, _working(heartbeat):
        try:
            outcome = _work(job, heartbeat)
        except Exception as error:
            logger.exception("Job %s %s failed", job.kind, job.key)
            if leases.is_away(error):
                leases.interrupted(wanted, owner)
            else:
                leases.fail(wanted, owner, describe(error))
            return True
        except BaseException:
            leases.give_back(wanted, owner)
            raise
    _conclude(wanted, owner, outcome)
    return True


def progressed() -> None:
    """Tell that the job at work moved on: what failed before counts no more. Cheap, however often told."""
    heartbeat = _at_work.get()
    if heartbeat is not None:
        heartbeat.progressed()


@contextmanager
def _working(heartbeat: leases.Heartbeat) -> Iterator[None]:
    token = _at_work.set(heartbeat)
    try:
        yield
    finally:
        _at_work.reset(token)


def run_next() -> bool:
    """Run the due job whose turn it is; False where none is due or others took them all."""
    # Twice: where another worker was faster with the first of an organization, its second has its turn.
    return any(run(wanted) for _ in range(2) for wanted in turns.in_turn(_due()))


def _due() -> QuerySet[Job]:
    return Job.objects.filter(state=State.QUEUED, next_at__lte=Now()).order_by("next_at", "id")


def _work(job: leases.Claim, heartbeat: leases.Heartbeat) -> Outcome:
    function = _handlers.get(job.kind)
    if function is None:
        raise UnknownKindError(f"This release has no code for jobs of kind {job.kind!r}.")
    end = time.monotonic() + SLICE_SECONDS
    while True:
        outcome = function(job.organization_id, job.key)
        if not isinstance(outcome, Progress | Later):
            raise TypeError(f"The handler of {job.kind!r} returned {outcome!r}, not an outcome.")
        if outcome is not MORE or time.monotonic() > end or heartbeat.lost:
            return outcome
        if not leases.renew(heartbeat.job_id, heartbeat.owner, progressed=True):
            return outcome


def _conclude(wanted: UUID, owner: str, outcome: Outcome) -> None:
    if isinstance(outcome, Later):
        leases.postpone(wanted, owner, _until(outcome.at))
        return
    if outcome is MORE:
        leases.postpone(wanted, owner, timedelta(0))
        wake(wanted)
    elif leases.finish(wanted, owner):
        wake(wanted)


def run_until_idle(organization_id: UUID | None) -> None:
    """Run the organization's due jobs here until none is due, failing or running; no worker is needed.

    Raise JobFailed at the end if any was set aside on the way.
    """
    ours = jobs_of(organization_id)
    before = {job.id: job.updated_at for job in set_aside(organization_id)}
    with _in_foreground():
        while True:
            due = (_due() & ours).first()
            if due is not None:
                run(due.id)
            elif ours.filter(Q(state=State.RUNNING) | Q(state=State.QUEUED, attempts__gt=0)).exists():
                time.sleep(0.2)
                leases.release_host()
                leases.revive_expired()
            else:
                break
    failed = [job for job in set_aside(organization_id) if before.get(job.id) != job.updated_at]
    if failed:
        raise JobFailed("; ".join(f"{job.kind} {job.key}".strip() + f": {job.last_error}" for job in failed))


@contextmanager
def _in_foreground() -> Iterator[None]:
    token = _foreground.set(True)
    try:
        yield
    finally:
        _foreground.reset(token)


def jobs_of(organization_id: UUID | None) -> QuerySet[Job]:
    """Return one organization's jobs, or with None the installation's own."""
    if organization_id is None:
        return Job.objects.filter(organization__isnull=True)
    return Job.objects.filter(organization_id=organization_id)


def set_aside(organization_id: UUID | None) -> list[Job]:
    """Return the jobs that failed five times without progress, for people to see."""
    return list(jobs_of(organization_id).filter(state=State.SET_ASIDE).order_by("kind", "key"))


def sweep() -> int:
    """Free dead leases, then wake what is due and not in the broker's queue yet; return how many."""
    leases.release_host()
    leases.revive_expired()
    leases.bring_back()
    Job.objects.filter(state=State.DONE, next_at__lt=leases.after(-FORGOTTEN_AFTER)).delete()
    wanted = turns.worth(_due(), _at_once)[:MOST_WOKEN]
    asleep = wanted[_messages_waiting() :] if wanted else []
    for one in asleep:
        wake(one)
    return len(asleep)


def _messages_waiting() -> int:
    """Count the queued messages: each makes a worker take one due job, so no more are needed than jobs."""
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return int(cast(int, broker.llen(app.conf.task_default_queue)))
    except (RedisError, OSError) as error:
        logger.warning("The broker does not answer: %s", describe(error))
        return MOST_WOKEN
