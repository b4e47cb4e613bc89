"""Replay an archive of Stripe's events, one a line, as if the account had been watched all along.

An event's object is the whole state from the event's time on. What it names without an event of its own (a
customer, a price inside an item) is known from there, and gives way to anything said about it directly.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import mirror, overlap
from billing_sync.columns import UnusableError, at, created_at
from billing_sync.mirror import Sighting, Unusable
from billing_sync.models import Connection
from billing_sync.payload import JsonObject, decode_object
from billing_sync.resource import Resource
from billing_sync.resources import BY_KIND, CUSTOMERS, EVENTS, MIRRORED, tells_deletion
from config.clock import now

AT_ONCE = 1000
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
INSIDE = frozenset({"price", "product", "coupon", "customer", "tax_rate"})


class ArchiveRefused(ValueError):  # noqa: N818
    """Raised with words for the person who gave the file."""


@dataclass(slots=True)
class Imported:
    """What an import has read so far."""

    lines: int = 0
    events: int = 0
    set_aside: int = 0
    through: datetime | None = None


@dataclass(slots=True)
class _Chunk:
    events: list[Sighting] = field(default_factory=list)
    seen: dict[Resource, list[Sighting]] = field(default_factory=dict)
    unusable: list[Unusable] = field(default_factory=list)


def import_events(organization_id: UUID, lines: Iterable[bytes]) -> Imported:
    """Replay the lines in their order and ask for the numbers; twice, or in two parts, is no different."""
    connection = _connection(organization_id)
    total = Imported()
    numbered = enumerate(lines, start=1)
    while chunk := list(islice(numbered, AT_ONCE)):
        read = _read(chunk, total)
        with tenant(organization_id):
            _store(connection, read)
    if total.lines and not total.events:
        raise ArchiveRefused(_("The file holds no event of Stripe's. Each line must be one event as JSON."))
    with tenant(organization_id):
        connection.refresh_from_db()
        connection.imported_at = connection.imported_at or now()
        connection.data_through = max(filter(None, (connection.data_through, total.through)), default=None)
        connection.state = Connection.State.LIVE
        connection.save(update_fields=["imported_at", "data_through", "state"])
        overlap.recognize(organization_id)
        mirror.mark_everyone(connection)
        jobs.enqueue(organization_id, mirror.RECOMPUTE)
    return total


def _connection(organization_id: UUID) -> Connection:
    with tenant(organization_id):
        connection, _made = Connection.objects.get_or_create(
            organization_id=organization_id,
            kind=Connection.Kind.ARCHIVE,
            defaults={"state": Connection.State.IMPORTING},
        )
    return connection


def _read(chunk: Iterable[tuple[int, bytes]], total: Imported) -> _Chunk:
    read = _Chunk()
    for number, line in chunk:
        text = line.strip()
        if not text:
            continue
        total.lines += 1
        try:
            event = decode_object(text)
            made_at = _made_at(event)
            _take(read, event, made_at, number, text)
        except ValueError as error:
            total.set_aside += 1
            reason = _("Line %(number)s: %(why)s") % {"number": number, "why": error}
            read.unusable.append(Unusable(f"line {number}", reason))
            continue
        total.events += 1
        total.through = max(filter(None, (total.through, made_at)))
    return read


def _made_at(event: JsonObject) -> datetime:
    made_at = created_at(event)
    if made_at is None:
        raise UnusableError("It has no time (created).")
    if not isinstance(at(event, "data.object"), dict):
        raise UnusableError("It has no object (data.object).")
    return made_at


def _take(read: _Chunk, event: JsonObject, made_at: datetime, number: int, text: bytes) -> None:
    if not event.get("id"):
        event["id"] = f"evt_{hashlib.sha256(text).hexdigest()[:24]}"
    version = str(event.get("api_version") or "")[:64]
    read.events.append(Sighting(event, made_at, version, position=number, applied_at=made_at))
    value = event["data"]["object"]
    kind = str(value.get("object") or "")
    resource = BY_KIND.get(kind)
    if resource is not None and resource is not EVENTS and value.get("id"):
        deleted = tells_deletion(str(event.get("type", "")))
        read.seen.setdefault(resource, []).append(Sighting(value, made_at, version, deleted))
    for inner in _inside(value):
        found = BY_KIND[inner["object"]]
        read.seen.setdefault(found, []).append(Sighting(inner, LONG_AGO, version))
    if kind != "customer" and isinstance(value.get("customer"), str) and value["customer"]:
        named = {"id": value["customer"], "object": "customer"}
        read.seen.setdefault(CUSTOMERS, []).append(Sighting(named, LONG_AGO, version))


def _inside(value: Any) -> Iterator[JsonObject]:
    """Yield the whole objects that stand inside another."""
    parts = value.values() if isinstance(value, dict) else value
    for part in parts:
        if not isinstance(part, dict | list):
            continue
        if isinstance(part, dict) and part.get("object") in INSIDE and isinstance(part.get("id"), str):
            yield part
        yield from _inside(part)


def _store(connection: Connection, read: _Chunk) -> None:
    modes = (one.value.get("livemode") for one in read.events)
    mode = next((mode for mode in modes if isinstance(mode, bool)), None)
    if connection.livemode is None and mode is not None:
        connection.livemode = mode
        connection.save(update_fields=["livemode"])
    mirror.store_events(connection, read.events, read.unusable)
    for resource in MIRRORED:
        if resource in read.seen:
            mirror.store(connection, resource, read.seen[resource])
