"""A build whose workers are killed ends as one that nobody disturbed."""

import os
import signal
import time
from collections.abc import Callable

import psycopg
import pytest

from accounts.jobs import enqueue
from accounts.models import Job, Organization
from accounts.tenancy import tenant
from benchmarks import definition
from metrics.build import parts
from metrics.build.recompute import catch_up
from metrics.build.sources import alone
from metrics.models import BuildPart, BuildPlan, CurrentBuild
from tests.metrics.seeding import facts
from tests.processes import Worker
from tests.soak import sized

SUBSCRIPTIONS, PARTS, KILLS = sized(4_000, 100_000), sized(8, 40), sized(2, 20)
PATIENCE_SECONDS = 120
AT_WORK = Job.objects.filter(kind=parts.JOB, state=Job.State.RUNNING)


def begin(organization: Organization) -> None:
    with alone(organization.id):
        parts.begin(organization.id, from_history=True)


def kill_one_at_work() -> bool:
    """Kill a process of the worker that works on a part; say whether one did."""
    for owner in AT_WORK.values_list("lease_owner", flat=True):
        os.kill(int(owner.rsplit(":", 3)[1]), signal.SIGKILL)
        return True
    return False


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, list(
            Job.objects.values_list("kind", "key", "state", "last_error")
        )
        time.sleep(0.01)


@pytest.mark.soak
def test_a_build_whose_workers_are_killed_is_as_one_undisturbed(
    organization: Organization,
    celery_worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        definition.write(database, organization.slug, SUBSCRIPTIONS)
    begin(organization)
    catch_up(organization.id)
    undisturbed = facts(organization.id)
    monkeypatch.setattr(parts, "PAYERS", SUBSCRIPTIONS // PARTS)
    begin(organization)
    enqueue(organization.id, "recompute")
    for _ in range(KILLS):
        until(kill_one_at_work)
    with tenant(organization.id):
        assert BuildPart.objects.filter(done_at=None).exists()
        build = BuildPlan.objects.get().build
    catch_up(organization.id)
    with tenant(organization.id):
        assert CurrentBuild.objects.get().build == build
    assert facts(organization.id) == undisturbed
    record_property("killed", KILLS)
