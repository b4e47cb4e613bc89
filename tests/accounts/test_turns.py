"""Every organization has its turn, however much work another has."""

import threading
from collections import Counter

import pytest
from django.db import connection

from accounts import jobs, standing, turns
from accounts.jobs import DONE, MORE, Later, Outcome
from accounts.models import Job, Organization
from accounts.tasks import run_job, sweep
from config.clock import now
from tests.accounts.work import Work
from tests.cast import make_organization

State = Job.State


@pytest.fixture(autouse=True)
def nobody_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_served_at", {})


@pytest.fixture
def ten(db: None) -> list[Organization]:
    """Give ten organizations, the first of which has endless work."""
    return [make_organization(f"company-{number}") for number in range(10)]


def work_through(
    organizations: list[Organization], rounds: int, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Give the first company 40 endless jobs, each other three slices of one; return who was served when."""
    slices: Counter[str] = Counter()
    served: list[str] = []
    names = {one.id: one.slug for one in organizations}

    def handle(organization_id: object, key: str) -> Outcome:
        slug = names[organization_id]  # type: ignore[index]
        served.append(slug)
        slices[slug] += 1
        return DONE if slug != names[organizations[0].id] and slices[slug] >= 3 else MORE

    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0)
    jobs.handler("slices")(handle)
    for number in range(40):
        jobs.enqueue(organizations[0].id, "slices", str(number))
    for one in organizations[1:]:
        jobs.enqueue(one.id, "slices")
    for _ in range(rounds):
        run_job("whichever")
    return served


def test_nine_small_companies_finish_beside_a_huge_one(
    ten: list[Organization], work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(lambda: DONE)
    served = work_through(ten, 30, monkeypatch)
    small = Job.objects.filter(kind="slices").exclude(organization=ten[0])
    assert set(small.values_list("state", flat=True)) == {State.DONE}
    assert served.count(ten[0].slug) == 3


def test_two_workers_serve_two_companies(ten: list[Organization], work: Work) -> None:
    at_work: list[object] = []
    gate = threading.Barrier(2, timeout=20)

    def meet() -> Outcome:
        gate.wait()
        return DONE

    work(meet)
    for key in ("a", "b", "c"):
        jobs.enqueue(ten[0].id, "work", key)
    jobs.enqueue(ten[1].id, "work", "late")

    def serve() -> None:
        try:
            run_job("whichever")
        finally:
            connection.close()

    def second() -> None:
        while not Job.objects.filter(state=State.RUNNING).exists():
            pass
        at_work.extend(Job.objects.filter(state=State.RUNNING).values_list("organization_id", flat=True))
        serve()

    threads = [threading.Thread(target=each) for each in (serve, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_work == [ten[0].id]
    done = Job.objects.filter(state=State.DONE).values_list("organization_id", flat=True)
    assert set(done) == {ten[0].id, ten[1].id}


def test_a_company_alone_uses_every_turn(ten: list[Organization], work: Work) -> None:
    calls = work(lambda: DONE)
    for key in ("a", "b", "c"):
        jobs.enqueue(ten[3].id, "work", key)
    for _ in range(3):
        run_job("whichever")
    assert calls == ["a", "b", "c"]


def test_the_sweep_makes_the_standing_job_of_each_organization(
    ten: list[Organization], work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "_kinds", set())
    standing.standing("look")(lambda organization_id, key: Later(now()))
    sweep()
    sweep()
    assert Job.objects.filter(kind="look", state=State.QUEUED).count() == 10
    assert standing.ensure() == 0
    Job.objects.filter(organization=ten[4]).update(state=State.DONE)
    assert standing.ensure() == 1
