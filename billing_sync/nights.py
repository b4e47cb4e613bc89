"""When an account is compared with its mirror: at its organization's night, each at its own minute.

Every week one night compares everything, the others what still moves.
"""

import zlib
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts import jobs
from accounts.models import Job, Organization
from billing_sync.models import Connection, ListRange
from config.clock import now

KIND = "reconcile"
NIGHT_STARTS, NIGHT_MINUTES = time(1), 240
# What has just been read or compared is not compared at once again.
REST = timedelta(hours=6)
Purpose = ListRange.Purpose
COMPARISONS = (Purpose.NIGHTLY, Purpose.WEEKLY)


def key_of(connection_id: UUID, purpose: str) -> str:
    """Return the key of the job that compares a connection."""
    return f"{connection_id}:{purpose}"


def next_night(zone: str, connection_id: UUID, purpose: str, after: datetime) -> datetime:
    """Return when a connection is next compared, spread over the night and the week by its id."""
    spread = zlib.crc32(connection_id.bytes)
    weekday, minutes = spread // NIGHT_MINUTES % 7, timedelta(minutes=spread % NIGHT_MINUTES)
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    while True:
        at = datetime.combine(day, NIGHT_STARTS, tzinfo=place) + minutes
        is_weekly = day.weekday() == weekday
        if at > after + REST and is_weekly == (purpose == Purpose.WEEKLY):
            return at
        day += timedelta(days=1)


def coming(connection: Connection, purpose: str) -> datetime:
    """Return when a connection is compared next, seen from now."""
    zone = Organization.objects.values_list("time_zone", flat=True).get(id=connection.organization_id)
    return next_night(zone, connection.id, purpose, now())


def keep(connection: Connection) -> None:
    """See to it that both comparisons of a connection are asked for; cheap where they are."""
    organization_id = connection.organization_id
    keys = {purpose: key_of(connection.id, purpose) for purpose in COMPARISONS}
    ids = {jobs.job_id(organization_id, KIND, key): purpose for purpose, key in keys.items()}
    asked = Job.objects.filter(id__in=list(ids), state__in=[Job.State.QUEUED, Job.State.RUNNING])
    for missing in sorted(ids.keys() - set(asked.values_list("id", flat=True))):
        purpose = ids[missing]
        jobs.enqueue(organization_id, KIND, keys[purpose], at=coming(connection, purpose))
