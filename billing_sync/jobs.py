"""The jobs of the sync: each takes ids and calls one function."""

from uuid import UUID

from accounts.jobs import Outcome, handler
from billing_sync import backfill, checking, disconnecting, events


@handler("check_connection")
def check_connection(organization_id: UUID, key: str) -> Outcome:
    """Check the key of the connection `key`."""
    return checking.check(organization_id, UUID(key))


@handler("backfill")
def backfill_resource(organization_id: UUID, key: str) -> Outcome:
    """Read on in one list; `key` is "connection:resource"."""
    return backfill.step(organization_id, key)


@handler("poll_events")
def poll_events(organization_id: UUID, key: str) -> Outcome:
    """Read new events of the connection `key` and fetch what they name; comes back by itself."""
    return events.step(organization_id, UUID(key))


@handler("disconnect")
def disconnect(organization_id: UUID, key: str) -> Outcome:
    """Finish the end of the connection `key`: forget its key, and delete its rows if that was chosen."""
    return disconnecting.step(organization_id, UUID(key))
