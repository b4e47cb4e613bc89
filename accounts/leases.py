"""Who works on a job: every change of a job's row that needs a claim, as a conditional UPDATE."""

import logging
import os
import random
import socket
import threading
import time
import uuid
from datetime import timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

import psutil
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, DateTimeField, F, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Least, Now

from accounts.models import Job
from accounts.pipeline import ask, tell
from accounts.redaction import describe

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
State = Job.State
STOPPED = "The process stopped in the middle of this job, five times in a row. It is tried again by itself."
TAKE = """
UPDATE accounts_job
SET state = 'running', wanted_again = false, attempts = attempts + 1, lease_owner = %(owner)s,
    lease_until = statement_timestamp() + %(lease)s::interval, updated_at = statement_timestamp()
WHERE id = %(id)s AND state = 'queued' AND next_at <= statement_timestamp()
RETURNING organization_id, kind, key
"""
RENEW = """
UPDATE accounts_job
SET lease_until = statement_timestamp() + %(lease)s::interval, updated_at = statement_timestamp(),
    attempts = CASE WHEN %(progressed)s THEN 1 ELSE attempts END,
    last_error = CASE WHEN %(progressed)s THEN '' ELSE last_error END
WHERE id = %(id)s AND lease_owner = %(owner)s AND state = 'running'
"""
FINISH = """
UPDATE accounts_job
SET state = CASE WHEN wanted_again THEN 'queued' ELSE 'done' END, attempts = 0, last_error = '',
    wanted_again = false, lease_owner = '', lease_until = NULL, updated_at = statement_timestamp()
WHERE id = %(id)s AND lease_owner = %(owner)s AND state = 'running'
RETURNING state = 'queued' AND next_at <= statement_timestamp()
"""
# Of the base pause: ten minutes, unless a test says otherwise.
RETURN_PAUSES = 600


class Claim(NamedTuple):
    """A job at work, and the name of the claim on it."""

    owner: str
    organization_id: UUID | None
    kind: str
    key: str


def after(delay: timedelta) -> Combinable:
    """Return the database's time plus a delay: leases and due times never trust a local clock."""
    return Now() + Value(delay)


def lease_end() -> Combinable:
    return after(timedelta(seconds=settings.JOB_LEASE_SECONDS))


@cache
def host() -> str:
    """Name the machine and, on Linux, the set of process ids in which ours means something."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname()[:60]}/{namespace}"


def new_owner() -> str:
    """Name one claim: host, process id, the process's start, and a token of its own."""
    pid = os.getpid()
    return f"{host()}:{pid}:{_started(pid)}:{uuid.uuid4().hex[:12]}"


@cache
def _started(pid: int) -> str:
    return f"{psutil.Process(pid).create_time():.2f}"


def is_alive(owner: str) -> bool:
    """Say whether the process that made a claim on this host still runs."""
    _, pid, start, _ = owner.rsplit(":", 3)
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == start
    except psutil.NoSuchProcess:
        return False


def take(job_id: UUID) -> Claim | None:
    """Take a job that is due, or return None if someone else has it."""
    owner = new_owner()
    lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
    taken = ask(TAKE, {"owner": owner, "lease": lease, "id": job_id})
    return Claim(owner, *taken[0]) if taken else None


def claim(job_id: UUID) -> str | None:
    """Take a job that is due and return the claim's name, or None if someone else has it."""
    taken = take(job_id)
    return taken.owner if taken else None


def renew(job_id: UUID, owner: str, *, progressed: bool = False) -> bool:
    """Extend a lease; after progress the attempt that follows is the first again."""
    lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return tell(RENEW, {"id": job_id, "owner": owner, "lease": lease, "progressed": progressed}) == 1


def keep(owner: str) -> bool:
    """Extend the leases of all that a claim holds."""
    held = Job.objects.filter(lease_owner=owner, state=State.RUNNING)
    return held.update(lease_until=lease_end(), updated_at=Now()) > 0


def finish(job_id: UUID, owner: str) -> bool:
    """End a job, or queue it again if it was wanted meanwhile; say whether it is due again at once."""
    left = ask(FINISH, {"id": job_id, "owner": owner})
    return any(due for (due,) in left)


def postpone(job_id: UUID, owner: str, delay: timedelta) -> bool:
    """Queue a job that made progress, for later; a wish that came meanwhile may make it sooner."""
    sooner = When(wanted_again=True, then=Least(F("next_at"), after(delay)))
    due = Case(sooner, default=after(delay), output_field=DateTimeField())
    return _leave(job_id, owner, state=State.QUEUED, attempts=0, last_error="", next_at=due)


def give_back(job_id: UUID, owner: str) -> bool:
    """Queue a job whose process was told to stop; the attempt does not count."""
    return _leave(job_id, owner, state=State.QUEUED, attempts=F("attempts") - 1, next_at=Now())


def give_back_all(owner: str) -> int:
    """Queue every job of a claim that was not begun; the attempt does not count."""
    held = Job.objects.filter(lease_owner=owner, state=State.RUNNING)
    free = {"wanted_again": False, "lease_owner": "", "lease_until": None}
    return held.update(**free, state=State.QUEUED, attempts=F("attempts") - 1, updated_at=Now())


def fail(job_id: UUID, owner: str, error: str) -> bool:
    """Queue a failed job with a growing pause; the fifth failure without progress sets it aside."""
    return _leave(job_id, owner, **_another_try(), last_error=error)


def _another_try() -> dict[str, Combinable]:
    last = When(attempts__gte=MAX_ATTEMPTS, then=Value(State.SET_ASIDE.value))
    pauses = [When(attempts=n, then=after(pause_after(n))) for n in range(1, MAX_ATTEMPTS)]
    coming_back = after(timedelta(seconds=settings.JOB_BACKOFF_SECONDS * RETURN_PAUSES))
    return {
        "state": Case(last, default=Value(State.QUEUED.value)),
        "next_at": Case(*pauses, default=coming_back, output_field=DateTimeField()),
    }


def _after_a_death() -> dict[str, Combinable]:
    why = When(attempts__gte=MAX_ATTEMPTS, then=Value(STOPPED))
    return {**_another_try(), "last_error": Case(why, default=F("last_error"), output_field=TextField())}


def interrupted(job_id: UUID, owner: str) -> None:
    """Queue a job that lost the database on its way, as soon as that is back; else its lease runs out."""
    deadline = time.monotonic() + settings.JOB_LEASE_SECONDS
    while time.monotonic() < deadline:
        try:
            _leave(job_id, owner, **_after_a_death())
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.5)
        else:
            return


def is_away(error: BaseException) -> bool:
    """Say whether an error means that the database went away, rather than that it refused something."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


def bring_back() -> int:
    """Queue the jobs that were set aside because their process stopped, and nothing else, once it is time."""
    aside = Job.objects.filter(state=State.SET_ASIDE, last_error=STOPPED, next_at__lte=Now())
    return aside.update(state=State.QUEUED, attempts=0, updated_at=Now())


def pause_after(attempt: int) -> timedelta:
    """Return 1, 3, 9, 27 times the base pause, each half to one and a half as long."""
    spread = random.uniform(0.5, 1.5)  # noqa: S311
    return timedelta(seconds=settings.JOB_BACKOFF_SECONDS * 3 ** (attempt - 1) * spread)


def _leave(job_id: UUID, owner: str, **changes: object) -> bool:
    held = Job.objects.filter(id=job_id, lease_owner=owner, state=State.RUNNING)
    free = {"wanted_again": False, "lease_owner": "", "lease_until": None}
    return held.update(**free, **changes, updated_at=Now()) == 1


def revive_expired() -> int:
    """Queue the jobs whose lease ran out, after a growing pause, or set them aside at the fifth time.

    The pause keeps a machine in trouble from using up a job's attempts within seconds.
    """
    return _revive(Q(lease_until__lt=Now()))


def release_host() -> int:
    """Queue the jobs of this host's processes that no longer run."""
    claims = Job.objects.filter(state=State.RUNNING, lease_owner__startswith=f"{host()}:")
    dead = [owner for owner in claims.values_list("lease_owner", flat=True) if not is_alive(owner)]
    return _revive(Q(lease_owner__in=dead)) if dead else 0


def _revive(which: Q) -> int:
    with transaction.atomic():
        stopped = Job.objects.filter(which, state=State.RUNNING).select_for_update(skip_locked=True)
        return Job.objects.filter(id__in=list(stopped.values_list("id", flat=True))).update(
            **_after_a_death(), wanted_again=False, lease_owner="", lease_until=None, updated_at=Now()
        )


class Heartbeat:
    """Keep one claim alive from a thread with a database connection of its own."""

    def __init__(self, job_id: UUID, owner: str) -> None:
        self.job_id, self.owner = job_id, owner
        self.lost = False
        self._told_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease of {job_id}", daemon=True)

    def progressed(self) -> None:
        """Let the attempt that follows be the first again, at most once a second."""
        if time.monotonic() >= self._told_at + 1.0:
            self._told_at = time.monotonic()
            renew(self.job_id, self.owner, progressed=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self.lost and not self._stop.wait(settings.JOB_LEASE_SECONDS / 3):
                self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            self.lost = not keep(self.owner)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The lease of job %s could not be renewed: %s", self.job_id, describe(error))
            connection.close()
