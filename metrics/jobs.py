"""The job that keeps an organization's numbers up to date."""

from datetime import timedelta
from uuid import UUID

from accounts.jobs import DONE, MORE, Later, Outcome, handler
from config import clock
from metrics.build.recompute import Road, advance, wake_at, which
from metrics.build.sources import alone

PAUSE = timedelta(seconds=2)


@handler("recompute")
def recompute(organization_id: UUID, key: str) -> Outcome:
    """Work off what the mirror marked, and come back when MRR next changes by date alone."""
    if which(organization_id) is Road.WAIT:
        return Later(clock.now() + PAUSE)
    with alone(organization_id):
        if advance(organization_id):
            return MORE
    at = wake_at(organization_id)
    return Later(at) if at else DONE
