"""A command that is killed on its way goes on where it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db import connection as database

from accounts.models import Job, Organization
from accounts.tenancy import tenant
from billing_sync.connecting import connect
from billing_sync.models import Connection, ListRange
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY
from tests.billing_sync.accounts import connected, connection_of, facts
from tests.environment import PROJECT

Serve = Callable[..., Any]
PATIENCE_SECONDS = 120


def pages(organization: Organization) -> int:
    """Count the pages written so far, in a fresh view of the database."""
    with tenant(organization.id):
        return sum(ListRange.objects.values_list("pages_done", flat=True))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"The sync does not move on: {unfinished()}"
        time.sleep(0.01)


def unfinished() -> list[tuple[Any, ...]]:
    """Return the jobs that are not done, for messages of failed tests."""
    jobs = Job.objects.exclude(state=Job.State.DONE).order_by("kind", "key")
    return list(jobs.values_list("kind", "key", "state", "attempts", "next_at", "last_error"))


def live(organization: Organization) -> bool:
    with tenant(organization.id):
        return Connection.objects.filter(state=Connection.State.LIVE).exists()


def test_a_command_killed_on_its_way_goes_on_where_it_was(
    organization: Organization, other_organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=60, faults=Faults(latency=20))
    connect(organization.id, api_key=FULL_KEY, api_base=account.base_url)
    killed = subprocess.Popen(
        [sys.executable, "manage.py", "sync", organization.slug],
        cwd=PROJECT,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "JOB_LEASE_SECONDS": "2"},
    )
    until(lambda: pages(organization) > 3)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    reached = pages(organization)
    assert not live(organization)
    finished = subprocess.run(
        [sys.executable, "manage.py", "sync", organization.slug],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JOB_LEASE_SECONDS": "2"},
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == ""
    assert connection_of(organization).state == Connection.State.LIVE
    database.close()
    connected(other_organization, account.base_url)
    assert facts(organization) == facts(other_organization)
    assert reached < pages(organization) < reached + pages(other_organization)
