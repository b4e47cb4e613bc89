"""What the rules ask of an organization's accounts, read with one short statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connection

from billing_sync.models import SyncCursor
from billing_sync.resources import EVENTS
from metrics.alerts.failures import NEEDED

ACCOUNTS = """
SELECT id, kind, state, imported_at, data_through, NOT EXISTS (
    SELECT FROM billing_sync_synccursor AS list
    WHERE list.organization_id = account.organization_id AND list.connection_id = account.id
        AND list.resource = %s AND list.state = %s
) FROM billing_sync_connection AS account WHERE organization_id = %s
"""
UNREAD = """
SELECT resource FROM billing_sync_synccursor
WHERE organization_id = %s AND resource = ANY(%s) AND state = %s LIMIT 1
"""


class Account(Protocol):
    """What the rules ask of a connection, however it was read."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def imported_at(self) -> datetime | None: ...
    @property
    def data_through(self) -> datetime | None: ...
    @property
    def events_read(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """One account as far as alerts need it."""

    id: UUID
    kind: str
    state: str
    imported_at: datetime | None
    data_through: datetime | None
    events_read: bool = True


def accounts_of(organization_id: UUID) -> list[Followed]:
    """Return the organization's accounts."""
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, [EVENTS.name, SyncCursor.State.UNAVAILABLE, organization_id])
        return [Followed(*row) for row in cursor.fetchall()]


def unread_list(organization_id: UUID) -> str:
    """Name a list of failed payments that some account's key may not read, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, [organization_id, list(NEEDED), SyncCursor.State.UNAVAILABLE])
        found = cursor.fetchone()
    return str(found[0]) if found else ""
