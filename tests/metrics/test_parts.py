"""A build in parts: as one part would make it, whoever works on it, and whatever stops or overtakes it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, takewhile
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection

from accounts.jobs import DONE, MORE, Later, Outcome, run_until_idle
from accounts.models import Job
from accounts.tenancy import tenant
from billing_sync.models import DirtyCustomer
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics import definitions, jobs, queries
from metrics.build import parts, rebuild, tables
from metrics.build.recompute import Pace, advance, catch_up, mark, recompute
from metrics.build.sources import alone
from metrics.build.tally import Tally
from metrics.build.write import Build
from metrics.models import BuildPart, BuildPlan, CurrentBuild, Movement, Segment
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, facts
from tests.metrics.test_build import LATER, OF_PAYERS

Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two payers be a part, one a chunk, and every chunk a step."""
    monkeypatch.setattr(parts, "PAYERS", 2)
    monkeypatch.setattr(parts, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(rebuild, "CHUNK", 1)
    monkeypatch.setattr(rebuild, "CHUNK_OF_HISTORY", 1)


@pytest.fixture
def company() -> Company:
    return generate(seed=11, size=6, now=NOW)


@pytest.fixture
def later(mirror: Mirror) -> Iterator[Mirror]:
    """Give a mirror in which everyone has changed since the numbers were computed."""
    mirror.company.advance(int(LATER.timestamp()))
    mirror.copy(kinds=OF_PAYERS)
    with set_now(LATER), tenant(mirror.organization_id):
        mark(mirror.organization_id, every_payer(mirror))
    with set_now(LATER):
        yield mirror


def every_payer(mirror: Mirror) -> list[tuple[UUID, str]]:
    return [(mirror.connection_id, life.customer.id) for life in mirror.company.lives]


def begin(mirror: Mirror, *, from_history: bool = False) -> None:
    with alone(mirror.organization_id):
        parts.begin(mirror.organization_id, from_history=from_history)


def in_one_part(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the facts of a build that is not divided and asks for no more jobs."""
    monkeypatch.setattr(parts, "PAYERS", 50_000)
    monkeypatch.setattr(rebuild, "CHUNK", 250)
    asked = Job.objects.filter(kind=parts.JOB).count()
    recompute(mirror.organization_id)
    assert Job.objects.filter(kind=parts.JOB).count() == asked
    return facts(mirror.organization_id)


def left_behind(mirror: Mirror) -> int:
    """Count the rows of plans, of parts, and of builds that nobody sees."""
    with tenant(mirror.organization_id):
        number = CurrentBuild.objects.get().build
        others = sum(model.objects.exclude(build=number).count() for model in (Segment, Movement))
        return others + BuildPart.objects.count() + BuildPlan.objects.count()


def test_processes_side_by_side_make_what_one_makes(later: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(later)
    begun = Barrier(2)

    def work() -> int:
        begun.wait()
        return sum(takewhile(bool, (parts.step(later.organization_id) for _ in count())))

    with set_now(LATER + timedelta(days=40)):
        with ThreadPoolExecutor(2) as pool:
            steps = [pool.submit(beside, work) for _ in range(2)]
        assert all(one.result() for one in steps)
        with alone(later.organization_id):
            parts.show(later.organization_id)
    with tenant(later.organization_id):
        assert CurrentBuild.objects.get().computed_at == LATER
    divided = facts(later.organization_id)
    assert left_behind(later) == 0
    assert divided == in_one_part(later, monkeypatch)


def test_what_a_stopped_process_had_not_finished_is_built_once(
    later: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(later)
    assert parts.step(later.organization_id)
    whole = tables.add

    def stop(tally: Tally, build: Build) -> None:
        whole(tally, build)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "add", stop)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                parts.step(later.organization_id)
    catch_up(later.organization_id)
    assert facts(later.organization_id) == in_one_part(later, monkeypatch)


def keys() -> list[str]:
    """Return the keys of the jobs that the second build asked for."""
    return [job.key for job in Job.objects.filter(kind=parts.JOB, key__startswith="1.2.").order_by("key")]


def test_each_part_is_a_job_and_the_last_one_shows_the_build(later: Mirror) -> None:
    begin(later)
    assert len(keys()) > 2
    assert isinstance(held_by_another(later), Later)
    for key in keys():
        while jobs.build_part(later.organization_id, key) is MORE:
            assert left_behind(later) > 0
    assert left_behind(later) == 0
    assert {jobs.build_part(later.organization_id, key) for key in keys()} == {DONE}
    assert Job.objects.filter(kind="recompute", state=Job.State.QUEUED).exists()


def held_by_another(mirror: Mirror) -> Outcome:
    """Return what the first part's job comes to while another process works on that part."""
    with ThreadPoolExecutor(1) as pool, tenant(mirror.organization_id):
        assert BuildPart.objects.select_for_update().get(position=0)
        asked = pool.submit(beside, lambda: jobs.build_part(mirror.organization_id, keys()[0]))
        return asked.result()


def beside(work: Callable[[], Result]) -> Result:
    """Work as another process would, over a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def test_changes_during_a_build_wait_for_it_and_are_not_lost(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = facts(mirror.organization_id)
    begin(mirror)
    assert parts.step(mirror.organization_id)
    mirror.company.advance(int(LATER.timestamp()))
    mirror.copy(kinds=OF_PAYERS)
    with tenant(mirror.organization_id):
        mark(mirror.organization_id, every_payer(mirror))
    assert advance(mirror.organization_id) is Pace.MORE
    same = ("metrics_segment", "metrics_movement", "metrics_dailyrevenue", "metrics_monthlyrevenue")
    assert all(facts(mirror.organization_id)[table] == shown[table] for table in same)
    with set_now(LATER):
        catch_up(mirror.organization_id)
        with tenant(mirror.organization_id):
            assert not DirtyCustomer.objects.exists()
        assert facts(mirror.organization_id) == in_one_part(mirror, monkeypatch)


def test_a_definition_that_overtakes_a_build_from_the_mirror_reads_the_mirror_again(
    later: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(later)
    assert parts.step(later.organization_id)
    with tenant(later.organization_id):
        assert not DirtyCustomer.objects.exists()
        definitions.set_definition(later.organization_id, {"discounts": "none"})
        assert queries.freshness(later.organization_id).computing
    catch_up(later.organization_id)
    assert left_behind(later) == 0
    with tenant(later.organization_id):
        assert CurrentBuild.objects.get().definition_version == 2
        assert not queries.freshness(later.organization_id).computing
    assert facts(later.organization_id) == in_one_part(later, monkeypatch)


def test_a_definition_that_overtakes_another_leaves_nothing_of_it(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    for discounts in ("none", "forever"):
        with tenant(mirror.organization_id):
            definitions.set_definition(mirror.organization_id, {"discounts": discounts})
        assert advance(mirror.organization_id) is Pace.MORE
    with tenant(mirror.organization_id):
        assert BuildPlan.objects.get().from_history
    stale = Job.objects.filter(kind=parts.JOB, key__startswith="2.").first()
    assert stale
    assert jobs.build_part(mirror.organization_id, stale.key) is DONE
    run_until_idle(mirror.organization_id)
    assert left_behind(mirror) == 0
    assert facts(mirror.organization_id) == in_one_part(mirror, monkeypatch)
