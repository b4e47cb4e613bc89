"""Jobs of many organizations that one worker takes along: each as sure as if it had been claimed alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pytest_django import Settings

from accounts import batches, jobs, leases, turns
from accounts.batches import take_along
from accounts.models import Job
from config.clock import now
from tests.cast import make_organization

pytestmark = pytest.mark.usefixtures("no_pauses")
State = Job.State
HOUR = timedelta(hours=1)
KIND = "along"


@pytest.fixture
def waiting(db: None) -> list[UUID]:
    """Make five organizations whose job is due."""
    made = [make_organization(f"org-{n}") for n in range(5)]
    for one in made:
        jobs.enqueue(one.id, KIND)
    return [one.id for one in made]


def worked(seen: list[UUID], each: Callable[[UUID], None] = lambda _: None) -> Callable[[UUID], datetime]:
    def work(organization_id: UUID) -> datetime:
        seen.append(organization_id)
        each(organization_id)
        return now() + HOUR

    return work


def job_of(organization_id: UUID) -> Job:
    return Job.objects.get(organization_id=organization_id)


def test_every_due_job_is_done_once_and_due_again_when_it_says(waiting: list[UUID]) -> None:
    jobs.enqueue(waiting[0], "something else")
    seen: list[UUID] = []
    assert take_along(KIND, worked(seen)) == len(waiting)
    assert sorted(seen) == sorted(waiting)
    for one in Job.objects.filter(kind=KIND):
        assert (one.state, one.attempts, one.lease_owner, one.lease_until) == (State.QUEUED, 0, "", None)
        assert HOUR - timedelta(minutes=1) < one.next_at - now() <= HOUR
    assert take_along(KIND, worked(seen)) == 0


def test_one_that_fails_takes_no_other_with_it_and_goes_alone_from_then_on(waiting: list[UUID]) -> None:
    def refuse(organization_id: UUID) -> None:
        if organization_id == waiting[2]:
            raise ValueError("no good")

    seen: list[UUID] = []
    assert take_along(KIND, worked(seen, refuse)) == len(waiting) - 1
    failed = job_of(waiting[2])
    assert (failed.state, failed.attempts) == (State.QUEUED, 1)
    assert "no good" in failed.last_error
    Job.objects.filter(id=failed.id).update(next_at=now() - HOUR)
    assert take_along(KIND, worked(seen)) == 0


def test_a_process_told_to_stop_keeps_what_is_done_and_gives_back_the_rest(waiting: list[UUID]) -> None:
    def stop(organization_id: UUID) -> None:
        if len(seen) == 3:
            raise KeyboardInterrupt

    seen: list[UUID] = []
    with pytest.raises(KeyboardInterrupt):
        take_along(KIND, worked(seen, stop))
    done = {one for one in waiting if job_of(one).next_at > now()}
    assert done == set(seen[:2])
    assert set(Job.objects.values_list("state", "attempts", "lease_owner")) == {(State.QUEUED, 0, "")}


def test_a_job_asked_for_while_it_runs_is_due_at_once(waiting: list[UUID]) -> None:
    def ask(organization_id: UUID) -> None:
        if organization_id == waiting[1]:
            jobs.enqueue(organization_id, KIND)

    seen: list[UUID] = []
    take_along(KIND, worked(seen, ask))
    assert [one for one in waiting if job_of(one).next_at <= now()] == [waiting[1]]


def test_jobs_lost_to_another_process_are_left_to_it(waiting: list[UUID]) -> None:
    def lose(organization_id: UUID) -> None:
        Job.objects.filter(organization_id=waiting[0]).update(lease_owner="elsewhere:1:1.00:another")

    take_along(KIND, worked([], lose))
    lost = job_of(waiting[0])
    assert (lost.state, lost.lease_owner) == (State.RUNNING, "elsewhere:1:1.00:another")


def test_one_claim_keeps_all_its_leases(waiting: list[UUID], settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 0.3

    def outlast_the_leases(organization_id: UUID) -> None:
        first = dict(Job.objects.values_list("id", "lease_until"))
        for _ in range(200 if len(seen) == 1 else 0):
            assert leases.revive_expired() == 0
            if all(first[one.id] != one.lease_until for one in Job.objects.all()):
                return
        assert len(seen) > 1, "The leases were never renewed."

    seen: list[UUID] = []
    assert take_along(KIND, worked(seen, outlast_the_leases)) == len(waiting)


def test_a_slice_of_time_ends_and_the_rest_stays_due(
    waiting: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE_SECONDS", -1)
    assert take_along(KIND, worked([])) == 0
    assert Job.objects.filter(state=State.QUEUED, attempts=0, next_at__lte=now()).count() == len(waiting)


def test_no_more_are_claimed_than_a_slice_may_do(
    waiting: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    seen: list[UUID] = []
    assert [take_along(KIND, worked(seen)) for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(seen) == sorted(waiting)


def test_the_sweep_wakes_one_turn_for_many_jobs_that_are_done_at_once(waiting: list[UUID]) -> None:
    for one in waiting:
        jobs.enqueue(one, "alone")
    due = Job.objects.filter(state=State.QUEUED).order_by("next_at", "id")
    for at_once, turns_worth in ((1, 10), (2, 5 + 3), (5, 5 + 1), (200, 5 + 1)):
        assert len(set(turns.worth(due, {KIND: at_once, "alone": 1}))) == turns_worth
