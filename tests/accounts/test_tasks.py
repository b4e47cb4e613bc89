"""A worker keeps its connection from task to task, and replaces what died or swelled."""

import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from accounts.tasks import forget_tenant, give_back_connection
from accounts.tenancy import current_organization_id
from config.celery import app
from tests.environment import PROJECT

# It says who does each task, of which some take 100 MB, and whether what the pool shares is loaded.
WORKING = """
import os, sys
from cffi import cparser
from config.celery import app

@app.task(name="weigh", queue="weighing")
def weigh(megabytes):
    taken = b"x" * (megabytes << 20)
    found = 'config.urls' in sys.modules, cparser._parser_cache is not None
    os.write(1, f"{os.getpid()} {all(found)}\\n".encode())

for megabytes in (0, 0, 100, 100, 100, 0):
    weigh.delay(megabytes)
app.Worker(concurrency=1, queues=["weighing"], loglevel="CRITICAL", quiet=True).start()
"""
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


@pytest.mark.django_db(transaction=True)
def test_a_process_that_a_task_has_swollen_makes_room_for_another_that_shares_what_is_loaded() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORKING], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        told = [run.stdout.readline().split()]
        begun = time.monotonic()
        told += [run.stdout.readline().split() for _ in range(5)]
        took = time.monotonic() - begun
        run.send_signal(signal.SIGTERM)
        run.wait(20)
    processes = [process for process, loaded in told if loaded == "True"]
    assert processes[0] == processes[1] == processes[2]
    assert len(set(processes)) == len(processes) - 2 == 4
    # Celery alone would take up to five seconds for each of the three.
    assert took < 8
