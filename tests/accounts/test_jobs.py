"""A job that was asked for happens, whatever stops on the way, and one that cannot happen is set aside."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from os import environ

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings
from redis import Redis

from accounts import jobs, leases
from accounts.jobs import DONE, MORE, JobFailed, Later, Outcome
from accounts.models import Job, Organization
from accounts.tasks import run_job
from config.clock import now, set_now
from tests.environment import PROJECT

State = Job.State
Work = Callable[[Callable[[], Outcome]], list[str]]


@pytest.fixture(autouse=True)
def _no_pauses(settings: Settings) -> None:
    settings.JOB_BACKOFF_SECONDS = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Register what jobs of kind "work" do, and give the list of keys it was called with."""
    monkeypatch.setattr(jobs, "_handlers", {})

    def does(function: Callable[[], Outcome]) -> list[str]:
        calls: list[str] = []

        def handle(organization_id: object, key: str) -> Outcome:
            calls.append(key)
            return function()

        jobs.handler("work")(handle)
        return calls

    return does  # type: ignore[return-value]


def the_job() -> Job:
    return Job.objects.get()


def refuse() -> Outcome:
    raise ValueError("The key rk_test_abc123 of ann@example.com is no good.")


def expire() -> None:
    """Let the leases of killed processes run out."""
    Job.objects.filter(state=State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))


def test_a_job_runs_once_however_often_it_is_asked_for(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    for _ in range(3):
        jobs.enqueue(organization.id, "work", "k")
    jobs.run_until_idle(organization.id)
    assert calls == ["k"]
    assert the_job().state == State.DONE


def test_keys_and_organizations_have_jobs_of_their_own(
    organization: Organization, other_organization: Organization, work: Work
) -> None:
    calls = work(lambda: DONE)
    for each in (organization.id, other_organization.id, None):
        jobs.enqueue(each, "work", "a")
    jobs.enqueue(organization.id, "work", "b")
    jobs.run_until_idle(organization.id)
    assert calls == ["a", "b"]
    assert Job.objects.filter(state=State.QUEUED).count() == 2


def test_a_job_asked_for_in_an_undone_transaction_does_not_exist(organization: Organization) -> None:
    with transaction.atomic():
        jobs.enqueue(organization.id, "work")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_finished_job_can_be_asked_for_again(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    for _ in range(2):
        jobs.enqueue(organization.id, "work")
        jobs.run_until_idle(organization.id)
    assert len(calls) == 2


def test_a_job_asked_for_while_it_runs_runs_again(organization: Organization, work: Work) -> None:
    def ask_once() -> Outcome:
        if len(calls) == 1:
            jobs.enqueue(organization.id, "work")
        return DONE

    calls = work(ask_once)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 2


def test_a_message_delivered_twice_runs_a_job_once(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work")
    for _ in range(2):
        run_job(str(the_job().id))
    assert len(calls) == 1


def test_a_running_job_is_not_claimed_twice(organization: Organization, work: Work) -> None:
    def try_again() -> Outcome:
        assert not jobs.run(the_job().id)
        return DONE

    calls = work(try_again)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 1


def test_a_late_message_serves_the_oldest_job(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work", "first")
    jobs.enqueue(organization.id, "work", "second")
    run_job(str(jobs.job_id(organization.id, "work", "second")))
    run_job(str(jobs.job_id(organization.id, "work", "second")))
    assert calls == ["second", "first"]


def test_more_runs_on_and_counts_as_progress(organization: Organization, work: Work) -> None:
    calls = work(lambda: MORE if len(calls) < 8 else DONE)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 8
    assert the_job().attempts == 0


def test_after_its_slice_of_time_a_job_waits_its_turn(
    organization: Organization, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0)
    calls = work(lambda: MORE)
    jobs.enqueue(organization.id, "work")
    assert jobs.run(the_job().id)
    assert (len(calls), the_job().state, the_job().attempts) == (1, State.QUEUED, 0)


def test_later_waits_for_its_time(organization: Organization, work: Work) -> None:
    calls = work(lambda: Later(now() + timedelta(hours=1)))
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 1
    assert timedelta(minutes=59) < the_job().next_at - the_job().updated_at <= timedelta(hours=1)


def test_a_frozen_clock_delays_a_job_by_as_much(organization: Organization, work: Work) -> None:
    work(lambda: Later(now() + timedelta(hours=1)))
    with set_now(now() - timedelta(days=900)):
        jobs.enqueue(organization.id, "work")
        jobs.run_until_idle(organization.id)
    assert the_job().next_at - the_job().updated_at > timedelta(minutes=59)


def test_a_job_asked_for_at_a_time_is_not_due_before(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work", at=now() + timedelta(hours=1))
    jobs.run_until_idle(organization.id)
    assert calls == []
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 1


def test_five_failures_set_a_job_aside_with_its_reason(organization: Organization, work: Work) -> None:
    calls = work(refuse)
    jobs.enqueue(organization.id, "work")
    with pytest.raises(JobFailed, match="is no good"):
        jobs.run_until_idle(organization.id)
    assert len(calls) == 5
    (aside,) = jobs.set_aside(organization.id)
    assert aside.last_error == "ValueError: The key [removed] of [removed] is no good."


def test_progress_between_failures_starts_the_count_again(organization: Organization, work: Work) -> None:
    def fail_but_every_fourth_time() -> Outcome:
        if len(calls) % 4:
            raise ValueError
        return MORE if len(calls) < 16 else DONE

    calls = work(fail_but_every_fourth_time)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert (len(calls), the_job().state, the_job().last_error) == (16, State.DONE, "")


def test_a_job_set_aside_can_be_asked_for_again(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE if len(calls) > 5 else refuse())
    jobs.enqueue(organization.id, "work")
    with pytest.raises(JobFailed):
        jobs.run_until_idle(organization.id)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert the_job().state == State.DONE


def test_asking_does_not_shorten_the_pause_after_a_failure(
    organization: Organization, work: Work, settings: Settings
) -> None:
    settings.JOB_BACKOFF_SECONDS = 1000
    calls = work(refuse)
    jobs.enqueue(organization.id, "work")
    jobs.run(the_job().id)
    pause = the_job().next_at - the_job().updated_at
    assert timedelta(seconds=500) <= pause <= timedelta(seconds=1500)
    jobs.enqueue(organization.id, "work")
    assert not jobs.run(the_job().id)
    assert len(calls) == 1


def test_a_kind_without_code_is_set_aside_and_not_lost(organization: Organization, work: Work) -> None:
    jobs.enqueue(organization.id, "no such work")
    with pytest.raises(JobFailed, match="This release has no code for jobs of kind 'no such work'"):
        jobs.run_until_idle(organization.id)
    assert the_job().state == State.SET_ASIDE


def test_a_handler_without_an_outcome_fails_clearly(organization: Organization, work: Work) -> None:
    work(lambda: None)  # type: ignore[arg-type,return-value]
    jobs.enqueue(organization.id, "work")
    with pytest.raises(JobFailed, match="returned None, not an outcome"):
        jobs.run_until_idle(organization.id)


def test_a_kind_has_one_handler(work: Work) -> None:
    work(lambda: DONE)
    with pytest.raises(ValueError, match="Two functions"):
        work(lambda: DONE)


def test_a_job_does_not_run_inside_a_transaction(organization: Organization, work: Work) -> None:
    jobs.enqueue(organization.id, "work")
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside any transaction"):
        jobs.run(the_job().id)


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


def test_a_job_that_kills_its_process_five_times_is_set_aside(organization: Organization) -> None:
    jobs.enqueue(organization.id, "work")
    for _ in range(5):
        assert leases.claim(the_job().id)
        expire()
        jobs.sweep()
    assert the_job().state == State.SET_ASIDE
    assert "five times" in the_job().last_error


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
    assert "waits for the next sweep" in asked.stderr
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
