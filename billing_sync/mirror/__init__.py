"""Store what Stripe said: many objects in one transaction, newer over older, twice without harm."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accounts import jobs
from billing_sync.columns import UnusableError, at, created_at, own_id
from billing_sync.mirror import upsert
from billing_sync.mirror.touched import mark_everyone, mark_touched
from billing_sync.models import Connection, SetAside
from billing_sync.payload import JsonObject, decode_object, write_payload
from billing_sync.personal import event_without_personal, personal_fields, without_personal
from billing_sync.resource import Resource, Touches
from billing_sync.resources import CUSTOMERS, EVENTS, PAYMENT_METHODS, SUBSCRIPTIONS
from config.clock import now

__all__ = ["Sighting", "Unusable", "mark_everyone", "read_objects", "store", "store_events", "tombstone"]

LONGEST_NAME = 255
LONGEST_REASON = 500
RECOMPUTE = "recompute"


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object as it was at one time, under one version of the API."""

    value: JsonObject
    fetched_at: datetime
    api_version: str
    deleted: bool = False
    position: int | None = None
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unusable:
    """An object that cannot be mirrored, and why."""

    stripe_id: str
    reason: str
    value: JsonObject | None = None


@dataclass(slots=True)
class _Batch:
    rows: dict[str, upsert.Row] = field(default_factory=dict)
    chosen: dict[str, Sighting] = field(default_factory=dict)
    unusable: list[Unusable] = field(default_factory=list)

    def sorted_rows(self) -> list[upsert.Row]:
        # One order everywhere, so that two pages that overlap cannot wait for each other.
        return [self.rows[identity] for identity in sorted(self.rows)]


def read_objects(texts: Iterable[bytes]) -> tuple[list[JsonObject], list[Unusable]]:
    """Parse each object of a page by itself, so that one that is broken spoils no other."""
    values, unusable = [], []
    for text in texts:
        try:
            values.append(decode_object(text))
        except ValueError as error:
            unusable.append(Unusable(f"sha256:{hashlib.sha256(text).hexdigest()}", str(error)))
    return values, unusable


def store(
    connection: Connection,
    resource: Resource,
    sightings: Sequence[Sighting],
    unusable: Sequence[Unusable] = (),
) -> list[str]:
    """Write objects of one kind inside the tenant's transaction; return the ids that are new or different.

    Unless the first import still runs, mark the customers they touch and ask for their numbers.
    """
    if resource is EVENTS:
        return store_events(connection, sightings, unusable)
    batch = _batch(connection, resource, sightings, unusable)
    changed = upsert.upsert(connection, resource, batch.sorted_rows())
    if resource is CUSTOMERS:
        upsert.upsert_payers(connection, _payers(batch))
    _store_cards(connection, resource, batch.chosen.values())
    _conclude(connection, resource, batch, changed)
    return changed


def store_events(
    connection: Connection, sightings: Sequence[Sighting], unusable: Sequence[Unusable] = ()
) -> list[str]:
    """Add events to the log; return the ids of those that were not there."""
    batch = _batch(connection, EVENTS, sightings, unusable)
    changed = upsert.log(connection, EVENTS, batch.sorted_rows())
    _conclude(connection, EVENTS, batch, changed)
    return changed


def tombstone(connection: Connection, resource: Resource, ids: Sequence[str], at: datetime) -> list[str]:
    """Mark objects as deleted in Stripe, keeping what was known; return those that were there."""
    present = resource.model._default_manager.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        stripe_id__in=ids,
        deleted_at=None,
        fetched_at__lte=at,
    )
    changed = list(present.values_list("stripe_id", flat=True))
    present.update(deleted_at=at, fetched_at=at)
    _mark(connection, resource, changed)
    return changed


def _batch(
    connection: Connection, resource: Resource, sightings: Sequence[Sighting], unusable: Sequence[Unusable]
) -> _Batch:
    batch = _Batch(unusable=list(unusable))
    for sighting in sightings:
        try:
            row = _row(connection, resource, sighting)
        except (UnusableError, RecursionError) as error:
            batch.unusable.append(_unusable(sighting.value, error))
            continue
        identity = row[0]
        if identity not in batch.rows or batch.chosen[identity].fetched_at <= sighting.fetched_at:
            batch.rows[identity], batch.chosen[identity] = row, sighting
    return batch


def _row(connection: Connection, resource: Resource, sighting: Sighting) -> upsert.Row:
    value = sighting.value
    identity = own_id(value)
    mode = value.get("livemode")
    if isinstance(mode, bool) and connection.livemode is not None and mode != connection.livemode:
        raise UnusableError("It belongs to the other mode of the account.")
    is_event = resource is EVENTS
    kept = event_without_personal(value) if is_event else without_personal(value, resource.kind)
    row = (
        identity,
        created_at(value),
        write_payload(kept),
        sighting.api_version,
        sighting.fetched_at,
        sighting.fetched_at if sighting.deleted else None,
        *(column.read(value) for column in resource.columns),
    )
    return (*row, sighting.position, sighting.applied_at) if is_event else row


def _unusable(value: JsonObject, error: Exception) -> Unusable:
    identity = value.get("id")
    if not isinstance(identity, str) or not identity or len(identity) > LONGEST_NAME or "\x00" in identity:
        identity = f"sha256:{hashlib.sha256(repr(value).encode(errors='replace')).hexdigest()}"
    reason = str(error) if isinstance(error, UnusableError) else "It is nested too deeply."
    return Unusable(identity, reason, value)


def _payers(batch: _Batch) -> list[upsert.Row]:
    rows: list[upsert.Row] = []
    for identity, sighting in sorted(batch.chosen.items()):
        fields = personal_fields(sighting.value)
        name, email = (_short(fields.get(key)) for key in ("name", "email"))
        rows.append((identity, name, email, write_payload(fields), sighting.fetched_at))
    return rows


def _short(value: object) -> str:
    return value[:LONGEST_NAME].replace("\x00", "\ufffd") if isinstance(value, str) else ""


def _store_cards(connection: Connection, resource: Resource, sightings: Iterable[Sighting]) -> None:
    """Keep the payment methods that customers and subscriptions were expanded with."""
    place = {
        CUSTOMERS: "invoice_settings.default_payment_method",
        SUBSCRIPTIONS: "default_payment_method",
    }.get(resource)
    if place is None:
        return
    expanded = [
        Sighting(card, sighting.fetched_at, sighting.api_version)
        for sighting in sightings
        if isinstance(card := at(sighting.value, place), dict)
    ]
    if expanded:
        store(connection, PAYMENT_METHODS, expanded)


def _conclude(connection: Connection, resource: Resource, batch: _Batch, changed: Sequence[str]) -> None:
    if batch.unusable:
        seen_at = now()
        rows = {
            one.stripe_id: (
                resource.name,
                one.stripe_id,
                one.reason[:LONGEST_REASON],
                _payload_of(one, resource),
                seen_at,
            )
            for one in batch.unusable
        }
        upsert.upsert_set_aside(connection, [rows[identity] for identity in sorted(rows)])
    SetAside.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        resource=resource.name,
        stripe_id__in=list(batch.rows),
    ).delete()
    _mark(connection, resource, changed)


def _payload_of(one: Unusable, resource: Resource) -> bytes | None:
    if one.value is None:
        return None
    try:
        if resource is EVENTS:
            return write_payload(event_without_personal(one.value))
        return write_payload(without_personal(one.value, resource.kind))
    except RecursionError:
        return None


def _mark(connection: Connection, resource: Resource, changed: Sequence[str]) -> None:
    if connection.imported_at is None or resource.touches is Touches.NOBODY:
        return
    if mark_touched(connection, resource, changed):
        jobs.enqueue(connection.organization_id, RECOMPUTE)
