"""Look after the sync's jobs: whatever is still to be done of a connection, there is a job that will."""

from datetime import timedelta
from uuid import UUID

from accounts import jobs
from accounts.standing import open_jobs
from accounts.tenancy import tenant
from billing_sync import backfill, nights, ranges
from billing_sync.models import Connection
from billing_sync.webhooks import connected
from config.clock import now

EVERY = timedelta(minutes=5)
CHECK, POLL, DISCONNECT = "check_connection", "poll_events", "disconnect"
State = Connection.State


def tend(organization_id: UUID) -> jobs.Outcome:
    """Ask again for what nobody is asked to do, and look again in a while."""
    with tenant(organization_id):
        found = Connection.objects.filter(organization_id=organization_id)
        for connection in found.exclude(kind=Connection.Kind.ARCHIVE):
            for kind, key in orphans(connection):
                jobs.enqueue(organization_id, kind, key)
            connected.keep(connection)
            if connection.state == State.LIVE:
                nights.keep(connection)
    return jobs.Later(now() + EVERY)


def orphans(connection: Connection) -> list[tuple[str, str]]:
    """Return kind and key of the jobs that a connection in its state needs and does not have."""
    wanted: list[tuple[str, str]] = []
    if connection.state == State.CHECKING:
        wanted = [(CHECK, str(connection.id))]
    if connection.state == State.DELETING:
        wanted = [(DISCONNECT, str(connection.id))]
    if connection.state == State.LIVE:
        wanted = [(POLL, str(connection.id))]
    if connection.state in (State.IMPORTING, State.LIVE) and ranges.unread(connection):
        lanes = [backfill.key_of(connection, lane) for lane in range(backfill.LANES)]
        # One lane reads everything, if it has to.
        if not _asked(connection, backfill.KIND, lanes):
            wanted += [(backfill.KIND, key) for key in lanes]
    return [(kind, key) for kind, key in wanted if not _asked(connection, kind, [key])]


def _asked(connection: Connection, kind: str, keys: list[str]) -> bool:
    return open_jobs(kind).filter(organization_id=connection.organization_id, key__in=keys).exists()
