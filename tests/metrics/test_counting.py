"""Counting again after changes gives what counting anew gives, and comes by a job."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.jobs import DONE, Later
from accounts.models import Job
from accounts.tenancy import tenant
from config.clock import set_now
from metrics import jobs, queries
from metrics.build.recompute import catch_up, mark, recompute
from metrics.cohorts.counting import JOB, LEAST, count, is_fresh, keep_up
from metrics.cohorts.counting import counted as last_counted
from metrics.models import CohortChange, CohortMember, Counted, PlanFlow, PlanMove, Trial, TrialMonth
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror

TABLES: tuple[Any, ...] = (CohortMember, CohortChange, PlanFlow, PlanMove, Trial, TrialMonth)


def test_counting_again_after_changes_equals_counting_anew(mirror: Mirror) -> None:
    organization_id, later = mirror.organization_id, NOW.replace(month=12, day=20)
    assert keep_up(organization_id) is None
    mirror.company.advance(int(later.timestamp()))
    mirror.copy()
    with set_now(later):
        lives = [(mirror.connection_id, life.customer.id) for life in mirror.company.lives]
        with tenant(organization_id):
            mark(organization_id, lives)
        catch_up(organization_id)
        assert not fresh(organization_id)
        before = facts(organization_id)
        assert keep_up(organization_id) is None
        assert fresh(organization_id)
        after = facts(organization_id)
        assert after != before
        with tenant(organization_id):
            for table in (*TABLES, Counted):
                table._default_manager.all().delete()
        assert count(organization_id)
        assert facts(organization_id) == after


def fresh(organization_id: UUID) -> bool:
    with tenant(organization_id):
        return is_fresh(last_counted(organization_id), queries.shown(organization_id))


def facts(organization_id: UUID) -> dict[str, set[tuple[object, ...]]]:
    with tenant(organization_id):
        return {one._meta.db_table: set(one._default_manager.values_list()) for one in TABLES}


def test_the_job_comes_after_the_numbers_moved_and_rests_in_between(mirror: Mirror) -> None:
    organization_id, key = mirror.organization_id, ""
    jobs.recompute(organization_id, key)
    assert Job.objects.filter(kind=JOB, organization_id=organization_id, state=Job.State.QUEUED).exists()
    assert jobs.count_cohorts(organization_id, key) is DONE
    assert fresh(organization_id)
    with set_now(NOW + timedelta(seconds=20)):
        recompute(organization_id, [(mirror.connection_id, mirror.company.lives[0].customer.id)])
        assert jobs.count_cohorts(organization_id, key) == Later(NOW + LEAST)
        assert not fresh(organization_id)
    with set_now(NOW + LEAST):
        assert jobs.count_cohorts(organization_id, key) is DONE
        assert fresh(organization_id)
