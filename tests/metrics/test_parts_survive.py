"""A build whose workers are killed ends as one that nobody disturbed."""

import os
import random
import signal
import time
from collections.abc import Callable

import psutil
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

SUBSCRIPTIONS, PARTS, KILLS = sized(4_000, 100_000), sized(8, 60), sized(2, 20)
PATIENCE_SECONDS, LATEST_SECONDS = 120, 0.15
AT_WORK = Job.objects.filter(kind=parts.JOB, state=Job.State.RUNNING)


def begin(organization: Organization) -> None:
    with alone(organization.id):
        parts.begin(organization.id, from_history=True)


def kill_one_at_work(dice: random.Random) -> bool:
    """Kill a process of the worker that works on a part, at any moment of it; say whether one did."""
    for owner in AT_WORK.values_list("lease_owner", flat=True):
        time.sleep(dice.uniform(0, LATEST_SECONDS))
        process = int(owner.rsplit(":", 3)[1])
        # One that was killed is at work, by its lease, until the worker sweeps.
        if AT_WORK.filter(lease_owner=owner).exists() and lives(process):
            os.kill(process, signal.SIGKILL)
            return True
    return False


def lives(process: int) -> bool:
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


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
    dice = random.Random(KILLS)
    for _ in range(KILLS):
        until(lambda: kill_one_at_work(dice))
    with tenant(organization.id):
        assert BuildPart.objects.filter(done_at=None).exists()
        build = BuildPlan.objects.get().build
    catch_up(organization.id)
    with tenant(organization.id):
        assert CurrentBuild.objects.get().build == build
    assert facts(organization.id) == undisturbed
    record_property("subscriptions", SUBSCRIPTIONS)
    record_property("parts", PARTS)
    record_property("killed", KILLS)
