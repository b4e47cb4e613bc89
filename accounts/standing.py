"""Jobs that every organization has for as long as it exists: the sweep makes those that are missing."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import QuerySet

from accounts import jobs, leases
from accounts.models import Job, Organization

State = Job.State
MOST_AT_ONCE = 100
# What its errors set aside is tried again so much later: the trouble may be over, and a year is long.
REST = timedelta(hours=1)
_kinds: set[str] = set()


def standing(kind: str) -> Callable[[jobs.Handler], jobs.Handler]:
    """Register the function that does a standing job: `(organization_id, key) -> Later`."""
    _kinds.add(kind)
    return jobs.handler(kind)


def ensure() -> int:
    """Ask for the standing jobs that nobody has asked for; return how many there were."""
    missing = [
        (organization_id, kind)
        for kind in sorted(_kinds)
        for organization_id in Organization.objects.exclude(
            id__in=open_jobs(kind).filter(organization__isnull=False).values("organization_id")
        ).values_list("id", flat=True)[:MOST_AT_ONCE]
    ]
    for organization_id, kind in missing:
        jobs.enqueue(organization_id, kind)
    return len(missing)


def open_jobs(kind: str) -> QuerySet[Job]:
    """Return the jobs of a kind that will be worked on, or were set aside only lately."""
    found = Job.objects.filter(kind=kind).exclude(state=State.DONE)
    return found.exclude(state=State.SET_ASIDE, updated_at__lt=leases.after(-REST))
