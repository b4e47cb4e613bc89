"""Jobs for tests: register what they do, and let their processes die."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now

from accounts import jobs
from accounts.jobs import Outcome
from accounts.models import Job

Work = Callable[[Callable[[], Outcome]], list[str]]


def does(function: Callable[[], Outcome]) -> list[str]:
    """Register what jobs of kind "work" do, and give the list of keys they are called with."""
    calls: list[str] = []

    def handle(organization_id: object, key: str) -> Outcome:
        calls.append(key)
        return function()

    jobs.handler("work")(handle)
    return calls


def the_job() -> Job:
    return Job.objects.get()


def refuse() -> Outcome:
    raise ValueError("The key rk_test_abc123 of ann@example.com is no good.")


def expire() -> None:
    """Let the leases of killed processes run out."""
    Job.objects.filter(state=Job.State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))
