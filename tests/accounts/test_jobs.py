"""A job that was asked for happens, whatever stops on the way, and one that cannot happen is set aside."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import cast

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import Settings
from redis import Redis

from accounts import jobs
from accounts.asking import ASK
from accounts.jobs import DONE, MORE, JobFailed, Later, Outcome
from accounts.models import Job, Organization
from accounts.pipeline import ask
from accounts.tasks import run_job
from config.celery import app
from config.clock import now, set_now
from tests.accounts.work import Work, refuse, the_job

pytestmark = pytest.mark.usefixtures("no_pauses")
State = Job.State


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


def test_a_job_done_long_ago_is_not_forgotten_while_it_is_asked_for(
    organization: Organization, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    monkeypatch.setattr(jobs, "FORGOTTEN_AFTER", -timedelta(days=1))

    def sweep() -> None:
        jobs.sweep()
        connection.close()

    wanted = jobs.job_id(organization.id, "work")
    bound = {"id": wanted, "organization": organization.id, "kind": "work", "key": "", "delay": timedelta()}
    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            assert ask(ASK, bound) == [(True,)]
            sweeping = beside.submit(sweep)
            wait([sweeping], timeout=0.3)
        sweeping.result()
    jobs.run_until_idle(organization.id)
    assert len(calls) == 2


def test_a_job_forgotten_while_it_is_asked_for_is_made_again(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work")

    def ask_beside() -> None:
        jobs.enqueue(organization.id, "work")
        connection.close()

    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            the_job().delete()
            asking = beside.submit(ask_beside)
            wait([asking], timeout=0.3)
            assert not asking.done()
        asking.result()
    jobs.run_until_idle(organization.id)
    assert len(calls) == 1


def test_a_job_asked_for_while_it_runs_runs_again(organization: Organization, work: Work) -> None:
    def ask_once() -> Outcome:
        if len(calls) == 1:
            jobs.enqueue(organization.id, "work")
        return DONE

    calls = work(ask_once)
    jobs.enqueue(organization.id, "work")
    jobs.run_until_idle(organization.id)
    assert len(calls) == 2


def test_one_message_tells_of_a_job_however_often_it_is_asked_for(
    organization: Organization, work: Work
) -> None:
    def ask_twice() -> Outcome:
        if len(calls) == 1:
            jobs.enqueue(organization.id, "work")
            jobs.enqueue(organization.id, "work")
            assert messages() == before + 1
        return DONE

    calls, before = work(ask_twice), messages()
    for _ in range(3):
        jobs.enqueue(organization.id, "work")
    assert messages() == before + 1
    jobs.run(the_job().id)
    assert (messages(), the_job().state) == (before + 2, State.QUEUED)
    jobs.run(the_job().id)
    assert (messages(), the_job().state) == (before + 2, State.DONE)


def messages() -> int:
    """Count what waits in the broker's queue."""
    with Redis.from_url(settings.REDIS_URL) as broker:
        return int(cast(int, broker.llen(app.conf.task_default_queue)))


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


def test_a_message_serves_the_job_whose_turn_it_is(organization: Organization, work: Work) -> None:
    calls = work(lambda: DONE)
    jobs.enqueue(organization.id, "work", "first")
    jobs.enqueue(organization.id, "work", "second")
    run_job(str(jobs.job_id(organization.id, "work", "second")))
    run_job(str(jobs.job_id(organization.id, "work", "second")))
    assert calls == ["first", "second"]


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
