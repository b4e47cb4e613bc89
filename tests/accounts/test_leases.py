"""A job whose process dies, hangs or is stopped goes on in another, and never in two at once."""

import os
import random
import subprocess
import sys
from datetime import timedelta
from os import environ
from typing import Any, cast

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings
from redis import Redis

from accounts import jobs, leases
from accounts.jobs import DONE, MORE, Later, Outcome
from accounts.models import Job, Organization
from accounts.tasks import run_job
from config.clock import now
from tests.accounts.work import Work, expire, refuse, the_job
from tests.environment import PROJECT

pytestmark = pytest.mark.usefixtures("no_pauses")
State = Job.State


def test_a_process_told_to_stop_gives_its_job_back(organization: Organization, work: Work) -> None:
    def interrupted() -> Outcome:
        raise KeyboardInterrupt

    work(interrupted)
    jobs.enqueue(organization.id, "work")
    with pytest.raises(KeyboardInterrupt):
        jobs.run(the_job().id)
    assert (the_job().state, the_job().attempts, the_job().lease_owner) == (State.QUEUED, 0, "")


def test_a_heartbeat_keeps_a_long_job(organization: Organization, work: Work, settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 0.3

    def outlast_the_lease() -> Outcome:
        first = the_job().lease_until
        for _ in range(200):
            assert leases.revive_expired() == 0
            if the_job().lease_until != first:
                return DONE
        raise AssertionError("The lease was never renewed.")

    work(outlast_the_lease)
    jobs.enqueue(organization.id, "work")
    assert jobs.run(the_job().id)
    assert the_job().state == State.DONE


def test_a_job_lost_to_another_process_is_left_alone(organization: Organization, work: Work) -> None:
    def lose() -> Outcome:
        Job.objects.update(lease_owner="elsewhere:1:1.00:another")
        return MORE

    calls = work(lose)
    jobs.enqueue(organization.id, "work")
    jobs.run(the_job().id)
    assert len(calls) == 1
    assert (the_job().state, the_job().lease_owner) == (State.RUNNING, "elsewhere:1:1.00:another")


def test_the_sweep_revives_a_job_whose_lease_ran_out(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work")
    leases.claim(the_job().id)
    assert leases.revive_expired() == 0
    expire()
    jobs.sweep()
    jobs.run_until_idle(organization.id)
    assert len(calls) == 1


def die(times: int) -> None:
    """Let the process of the job be killed so often, each time when it has come back."""
    for _ in range(times):
        Job.objects.update(next_at=Now())
        assert leases.claim(the_job().id)
        expire()
        leases.revive_expired()


def test_a_job_that_kills_its_process_five_times_is_set_aside_and_comes_back(
    organization: Organization, work: Work, settings: Settings
) -> None:
    settings.JOB_BACKOFF_SECONDS = 1
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work")
    die(5)
    (aside,) = jobs.set_aside(organization.id)
    assert "five times" in aside.last_error
    assert 590 <= (aside.next_at - aside.updated_at).total_seconds() <= 600
    jobs.sweep()
    assert jobs.set_aside(organization.id) != []
    Job.objects.update(next_at=Now())
    jobs.sweep()
    jobs.run_until_idle(organization.id)
    assert (calls, the_job().state) == ([""], State.DONE)


def test_a_job_set_aside_by_its_own_errors_stays_aside(organization: Organization, work: Work) -> None:
    work(refuse)
    jobs.enqueue(organization.id, "work")
    with pytest.raises(jobs.JobFailed):
        jobs.run_until_idle(organization.id)
    jobs.sweep()
    assert the_job().state == State.SET_ASIDE


def test_a_job_that_moves_on_before_each_death_is_never_set_aside(
    organization: Organization, work: Work
) -> None:
    def progress_and_die() -> Outcome:
        jobs.progressed()
        os._exit(9)

    work(progress_and_die)
    jobs.enqueue(organization.id, "work")
    for _ in range(7):
        # A child that came by its parent's connections would speak for it.
        connection.close()
        cast(Any, connection).close_pool()
        child = os.fork()
        if child == 0:
            jobs.run(the_job().id)
        os.waitpid(child, 0)
        leases.release_host()
        assert (the_job().state, the_job().attempts) == (State.QUEUED, 1)


def test_a_job_that_loses_the_database_is_queued_again(organization: Organization, work: Work) -> None:
    def lose_the_database() -> Outcome:
        if len(calls) > 8:
            return DONE
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise AssertionError

    calls = work(lose_the_database)
    jobs.enqueue(organization.id, "work")
    while the_job().state != State.DONE:
        jobs.run(the_job().id)
        leases.bring_back()
    assert len(calls) == 9


def test_a_job_whose_process_died_waits_longer_each_time(
    organization: Organization, settings: Settings
) -> None:
    settings.JOB_BACKOFF_SECONDS = 1000
    jobs.enqueue(organization.id, "work")
    for least, most in ((500, 1500), (1500, 4500)):
        assert leases.claim(the_job().id)
        expire()
        assert leases.revive_expired() == 1
        assert least <= (the_job().next_at - the_job().updated_at).total_seconds() <= most
        Job.objects.update(next_at=Now())


def test_a_starting_worker_frees_its_host_s_dead_claims_alone(organization: Organization) -> None:
    owners = {
        "alive": leases.new_owner(),
        "dead": f"{leases.host()}:999999999:1.00:x",
        "reused": leases.new_owner().rsplit(":", 2)[0] + ":1.00:x",
        "elsewhere": "another:999999999:1.00:x",
    }
    for key, owner in owners.items():
        jobs.enqueue(organization.id, "work", key)
        Job.objects.filter(key=key).update(state=State.RUNNING, lease_owner=owner, lease_until=Now())
    assert leases.release_host() == 2
    assert set(Job.objects.filter(state=State.QUEUED).values_list("key", flat=True)) == {"dead", "reused"}


def test_the_sweep_tells_the_broker_no_more_than_it_needs(organization: Organization, redis_url: str) -> None:
    for number in range(5):
        jobs.enqueue(organization.id, "work", str(number))
    with Redis.from_url(redis_url) as redis:
        assert redis.llen("celery") == 5
        assert jobs.sweep() == 0
        redis.flushdb()
        assert jobs.sweep() == 5
        assert redis.llen("celery") == 5


def test_the_sweep_forgets_what_was_done_long_ago(organization: Organization, work: Work) -> None:
    work(lambda: DONE)
    for key in ("old", "young"):
        jobs.enqueue(organization.id, "work", key)
    jobs.run_until_idle(organization.id)
    Job.objects.filter(key="old").update(next_at=Now() - timedelta(days=8))
    jobs.sweep()
    assert the_job().key == "young"


def test_without_a_broker_a_job_is_kept_and_nobody_waits(organization: Organization) -> None:
    code = (
        "import django, time; django.setup(); from accounts import jobs; before = time.monotonic();"
        f"jobs.enqueue('{organization.id}', 'work'); jobs.sweep(); print(time.monotonic() - before < 3)"
    )
    environment = {
        **environ,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    asked = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert asked.stdout == "True\n"
    assert "Jobs wait for the next sweep" in asked.stderr
    assert the_job().state == State.QUEUED


@pytest.mark.parametrize("seed", range(8))
def test_whatever_stops_the_last_wish_is_fulfilled(organization: Organization, work: Work, seed: int) -> None:
    chance = random.Random(seed)
    wish, seen = 0, -1

    def run() -> Outcome:
        nonlocal seen
        before = wish
        if chance.random() < 0.2:
            ask()
        if chance.random() < 0.2:
            raise ValueError
        seen = before
        outcomes: list[Outcome] = [DONE, MORE, DONE, Later(now())]
        return chance.choice(outcomes)

    def ask() -> None:
        nonlocal wish
        wish += 1
        jobs.enqueue(organization.id, "work")

    def deliver() -> None:
        run_job(str(the_job().id))

    def die() -> None:
        leases.claim(the_job().id)
        expire()

    work(run)
    ask()
    for _ in range(60):
        chance.choice([ask, deliver, deliver, die, jobs.sweep])()
    ask()
    while the_job().state != State.DONE:
        ask() if the_job().state == State.SET_ASIDE else None
        expire()
        jobs.sweep()
        deliver()
    assert seen == wish
