"""What the page shows of a sync: cheap to ask, one statement for an organization."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.reading import Asked, read
from billing_sync.models import Connection, SyncCursor
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS, RESOURCES
from billing_sync.stripe_errors import FEWER_REQUESTS

# Asked by every page that shows numbers, so written out: composing it costs more than running it.
CONNECTIONS = """
SELECT id, kind, account_id, account_name, livemode, key_hint, state, error, imported_at, checked_at,
       data_through, permissions::text,
       (SELECT count(*) FROM billing_sync_setaside
        WHERE organization_id = one.organization_id AND connection_id = one.id),
       (SELECT json_agg(list)::text FROM (
            SELECT resource, state, objects_done, started_at, moved_at, error FROM billing_sync_synccursor
            WHERE organization_id = one.organization_id AND connection_id = one.id) AS list)
FROM billing_sync_connection AS one WHERE organization_id = %s ORDER BY created_at, id
"""


@dataclass(frozen=True, slots=True)
class ResourceProgress:
    """How far one list has been read; the rate is None until it can be told."""

    resource: Resource
    state: str
    objects_done: int
    rate_per_second: float | None
    error: str
    permission: str
    permission_state: str

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def label(self) -> str:
        return str(self.resource.label)

    @property
    def state_label(self) -> str:
        return str(SyncCursor.State(self.state).label)

    @property
    def permission_label(self) -> str:
        return str(self.resource.permission_label)

    @property
    def required(self) -> bool:
        return self.resource.required


@dataclass(frozen=True, slots=True)
class ConnectionProgress:
    """One connected account: what it is, how it stands, what has been read and what comes next."""

    id: UUID
    kind: str
    name: str
    account_id: str
    livemode: bool | None
    key_hint: str
    state: str
    state_label: str
    error: str
    imported_at: datetime | None
    checked_at: datetime | None
    data_through: datetime | None
    resources: tuple[ResourceProgress, ...]
    set_aside: int
    next_label: str
    rate_limited: bool = False

    @property
    def objects_done(self) -> int:
        """Count the objects read in the latest reading of each list."""
        return sum(resource.objects_done for resource in self.resources)

    @property
    def resources_done(self) -> int:
        """Count the lists that are read to their end or cannot be read."""
        ended = (SyncCursor.State.COMPLETE, SyncCursor.State.UNAVAILABLE)
        return sum(resource.state in ended for resource in self.resources)

    @property
    def resources_total(self) -> int:
        """Count the lists."""
        return len(self.resources)

    @property
    def events_read(self) -> bool:
        """Say whether the key may read events, which tell of changes within minutes."""
        unread = SyncCursor.State.UNAVAILABLE
        return not any(one.name == EVENTS.name and one.state == unread for one in self.resources)

    @property
    def failed(self) -> bool:
        """Say whether a person must act."""
        return self.state in (Connection.State.REFUSED, Connection.State.REVOKED)


class _Connection(NamedTuple):
    """One row, in the order of its statement."""

    id: UUID
    kind: str
    account_id: str
    account_name: str
    livemode: bool | None
    key_hint: str
    state: str
    error: str
    imported_at: datetime | None
    checked_at: datetime | None
    data_through: datetime | None
    permissions: str
    aside: int
    lists: str | None


def asked(organization_id: UUID) -> Asked:
    """Return what `progress` asks, for whoever reads it ahead."""
    return Asked(CONNECTIONS, [organization_id])


def progress(organization_id: UUID) -> list[ConnectionProgress]:
    """Return every connection of the organization, oldest first, inside its tenant."""
    return [_of(_Connection(*row)) for row in read(*asked(organization_id))]


def _of(connection: _Connection) -> ConnectionProgress:
    cursors = {one["resource"]: one for one in json.loads(connection.lists or "[]")}
    permissions = json.loads(connection.permissions)
    listed = () if connection.kind == Connection.Kind.ARCHIVE else RESOURCES
    resources = tuple(
        _resource(resource, permissions.get(resource.name, {}), cursors.get(resource.name))
        for resource in listed
    )
    waiting = (SyncCursor.State.WAITING, SyncCursor.State.READING)
    return ConnectionProgress(
        id=connection.id,
        kind=connection.kind,
        name=_name(connection),
        account_id=connection.account_id,
        livemode=connection.livemode,
        key_hint=connection.key_hint,
        state=connection.state,
        state_label=str(Connection.State(connection.state).label),
        error=connection.error,
        imported_at=connection.imported_at,
        checked_at=connection.checked_at,
        data_through=connection.data_through,
        resources=resources,
        set_aside=connection.aside,
        next_label=next((one.label for one in resources if one.state in waiting), ""),
        rate_limited=any(one["error"] == str(FEWER_REQUESTS) for one in cursors.values()),
    )


def _name(connection: _Connection) -> str:
    if connection.kind == Connection.Kind.ARCHIVE:
        return str(Connection.Kind.ARCHIVE.label)
    return connection.account_name or connection.account_id


def _resource(
    resource: Resource, known: Mapping[str, str], cursor: Mapping[str, Any] | None
) -> ResourceProgress:
    return ResourceProgress(
        resource=resource,
        state=cursor["state"] if cursor else SyncCursor.State.WAITING.value,
        objects_done=cursor["objects_done"] if cursor else 0,
        rate_per_second=_rate(cursor) if cursor else None,
        error=cursor["error"] if cursor else known.get("error", ""),
        permission=known.get("permission") or resource.permission,
        permission_state=known.get("state", "unknown"),
    )


def _rate(cursor: Mapping[str, Any]) -> float | None:
    if cursor["started_at"] is None or cursor["moved_at"] is None:
        return None
    took = datetime.fromisoformat(cursor["moved_at"]) - datetime.fromisoformat(cursor["started_at"])
    return cursor["objects_done"] / took.total_seconds() if took.total_seconds() > 0 else None
