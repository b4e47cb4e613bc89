"""What the page shows of a sync: cheap to ask, one statement for an organization."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject

from billing_sync.models import Connection, SetAside, SyncCursor
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS, RESOURCES
from billing_sync.stripe_errors import FEWER_REQUESTS

CURSOR = ("resource", "state", "objects_done", "started_at", "moved_at", "error")


@dataclass(frozen=True, slots=True)
class ResourceProgress:
    """How far one list has been read; the rate is None until it can be told."""

    name: str
    label: str
    state: str
    state_label: str
    objects_done: int
    rate_per_second: float | None
    error: str
    permission: str
    permission_label: str
    permission_state: str
    required: bool


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


def progress(organization_id: UUID) -> list[ConnectionProgress]:
    """Return every connection of the organization, oldest first, inside its tenant."""
    of_connection = {"organization_id": organization_id, "connection_id": OuterRef("id")}
    aside = SetAside.objects.filter(**of_connection)
    counted = aside.values("connection_id").annotate(count=Count("*")).values("count")
    read = SyncCursor.objects.filter(**of_connection).values(
        found=JSONObject(**{name: name for name in CURSOR})
    )
    found = Connection.objects.filter(organization_id=organization_id).order_by("created_at", "id")
    return [
        _of(connection, {one.resource: one for one in map(_cursor, connection.read)}, connection.aside)
        for connection in found.annotate(aside=Coalesce(Subquery(counted), 0), read=ArraySubquery(read))
    ]


def _cursor(told: Mapping[str, Any]) -> SyncCursor:
    times = {name: told[name] and datetime.fromisoformat(told[name]) for name in ("started_at", "moved_at")}
    return SyncCursor(**{**told, **times})


def _of(connection: Connection, cursors: dict[str, SyncCursor], aside: int) -> ConnectionProgress:
    listed = () if connection.kind == Connection.Kind.ARCHIVE else RESOURCES
    resources = tuple(_resource(connection, resource, cursors.get(resource.name)) for resource in listed)
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
        set_aside=aside,
        next_label=next((one.label for one in resources if one.state in waiting), ""),
        rate_limited=any(one.error == str(FEWER_REQUESTS) for one in cursors.values()),
    )


def _name(connection: Connection) -> str:
    if connection.kind == Connection.Kind.ARCHIVE:
        return connection.name
    return connection.account_name or connection.account_id


def _resource(connection: Connection, resource: Resource, cursor: SyncCursor | None) -> ResourceProgress:
    known = connection.permissions.get(resource.name, {})
    state = SyncCursor.State(cursor.state if cursor else SyncCursor.State.WAITING)
    return ResourceProgress(
        name=resource.name,
        label=str(resource.label),
        state=state.value,
        state_label=str(state.label),
        objects_done=cursor.objects_done if cursor else 0,
        rate_per_second=_rate(cursor) if cursor else None,
        error=cursor.error if cursor else known.get("error", ""),
        permission=known.get("permission") or resource.permission,
        permission_label=str(resource.permission_label),
        permission_state=known.get("state", "unknown"),
        required=resource.required,
    )


def _rate(cursor: SyncCursor) -> float | None:
    if cursor.started_at is None or cursor.moved_at is None:
        return None
    seconds = (cursor.moved_at - cursor.started_at).total_seconds()
    return cursor.objects_done / seconds if seconds > 0 else None
