"""A worker's connection is kept from task to task, and replaced where it died."""

import pytest
from django.db import connection

from accounts.tasks import forget_tenant, give_back_connection
from accounts.tenancy import current_organization_id
from config.celery import app

PID = "SELECT pg_backend_pid()"


def backend() -> int:
    """Return the process of PostgreSQL that serves us."""
    with connection.cursor() as cursor:
        cursor.execute(PID)
        return int(cursor.fetchone()[0])


def test_celery_leaves_the_pool_open_after_a_task() -> None:
    assert app.conf.get("CELERY_DB_REUSE_MAX") > 1_000_000


@pytest.mark.django_db(transaction=True)
def test_tasks_are_served_by_the_connections_of_those_before() -> None:
    served = []
    # One more than a pool holds: some connection must come again, were none of them closed.
    for _ in range(9):
        forget_tenant()
        served.append(backend())
        give_back_connection()
        assert connection.connection is None
    assert len(set(served)) < len(served)


@pytest.mark.django_db(transaction=True)
def test_a_task_after_its_connection_died_gets_another() -> None:
    before = backend()
    with connection.cursor() as cursor, pytest.raises(Exception, match="terminat"):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    forget_tenant()
    assert backend() != before
    assert current_organization_id() is None
