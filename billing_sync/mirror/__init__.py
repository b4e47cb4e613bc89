"""Store what Stripe said: many objects in one transaction, newer over older, twice without harm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b, sha256

from accounts import jobs
from billing_sync.columns import UnusableError, at, created_at, own_id
from billing_sync.mirror import aside, upsert
from billing_sync.mirror.aside import Unusable
from billing_sync.mirror.touched import mark_everyone, mark_touched
from billing_sync.mirror.upsert import move_ranges
from billing_sync.models import Connection
from billing_sync.payload import JsonObject, decode_object, name_of, write_payload
from billing_sync.personal import event_without_personal, personal_fields, without_personal
from billing_sync.resource import Resource
from billing_sync.resources import CUSTOMERS, EVENTS, MIRRORED, PAYMENT_METHODS, SUBSCRIPTIONS

__all__ = [
    "Found",
    "Sighting",
    "Unusable",
    "lock",
    "mark_everyone",
    "move_ranges",
    "read_objects",
    "store",
    "store_events",
    "store_found",
    "tombstone",
]

LONGEST_NAME = 255
# What Stripe says of a deleted object, and nothing more.
GONE = ("id", "deleted")
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


Found = tuple[Resource, Sighting | Unusable]


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
            unusable.append(Unusable(name_of(text) or f"sha256:{sha256(text).hexdigest()}", str(error)))
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
    changed = _write(connection, resource, sightings, unusable)
    _touch(connection, [(resource, changed)])
    return changed


def store_events(
    connection: Connection, sightings: Sequence[Sighting], unusable: Sequence[Unusable] = ()
) -> list[str]:
    """Add events to the log; return the ids of those that were not there."""
    return store(connection, EVENTS, sightings, unusable)


def store_found(connection: Connection, found: Sequence[Found]) -> list[str]:
    """Write objects of several kinds, the deleted ones among them; return the ids that changed.

    Customers are marked once, after everything: writers that meet lock the same things in the same order.
    """
    changed = []
    for resource in MIRRORED:
        seen = [one for kind, one in found if kind is resource]
        living = [one for one in seen if isinstance(one, Sighting) and not one.deleted]
        unusable = [one for one in seen if isinstance(one, Unusable)]
        if living or unusable:
            changed.append((resource, _write(connection, resource, living, unusable)))
        gone = [one for one in seen if isinstance(one, Sighting) and one.deleted]
        if gone:
            changed.append((resource, _bury_all(connection, resource, gone)))
    _touch(connection, changed)
    return [identity for _, ids in changed for identity in ids]


def tombstone(connection: Connection, resource: Resource, ids: Sequence[str], at: datetime) -> list[str]:
    """Mark objects as deleted in Stripe, keeping what was known; return those that were there."""
    changed = _bury(connection, resource, ids, at)
    _touch(connection, [(resource, changed)])
    return changed


def lock(connection: Connection, objects: Iterable[tuple[Resource, str]]) -> None:
    """Hold these objects until the transaction ends: whoever fetches one of them waits until it is stored."""
    names = {f"{connection.id}\n{resource.name}\n{identity}" for resource, identity in objects}
    upsert.lock(
        sorted(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names)
    )


def _lock_key(connection: Connection, resource: Resource, identity: str) -> int:
    name = f"{connection.id}\n{resource.name}\n{identity}".encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


def _write(
    connection: Connection, resource: Resource, sightings: Sequence[Sighting], unusable: Sequence[Unusable]
) -> list[str]:
    batch = _batch(connection, resource, sightings, unusable)
    write = upsert.log if resource is EVENTS else upsert.upsert
    changed = write(connection, resource, batch.sorted_rows())
    if resource is CUSTOMERS:
        upsert.upsert_payers(connection, _payers(batch))
    _store_cards(connection, resource, batch.chosen.values())
    if batch.unusable:
        aside.set_aside(connection, resource, batch.unusable)
    aside.no_longer(connection, resource, list(batch.rows))
    return changed


def _bury_all(connection: Connection, resource: Resource, gone: Sequence[Sighting]) -> list[str]:
    """Mark deleted objects; one that was never seen is kept if its last state is told."""
    known = set(_present(connection, resource, [one.value["id"] for one in gone]))
    untold = [one for one in gone if one.value["id"] not in known and len(one.value) > len(GONE)]
    changed = _write(connection, resource, untold, ()) if untold else []
    for one in gone:
        changed += _bury(connection, resource, [one.value["id"]], one.fetched_at)
    aside.no_longer(connection, resource, [one.value["id"] for one in gone])
    return changed


def _bury(connection: Connection, resource: Resource, ids: Sequence[str], at: datetime) -> list[str]:
    present = resource.model._default_manager.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        stripe_id__in=ids,
        deleted_at=None,
        fetched_at__lte=at,
    )
    changed = list(present.values_list("stripe_id", flat=True))
    present.update(deleted_at=at, fetched_at=at)
    return changed


def _present(connection: Connection, resource: Resource, ids: Sequence[str]) -> list[str]:
    found = resource.model._default_manager.filter(
        organization_id=connection.organization_id, connection_id=connection.id, stripe_id__in=ids
    )
    return list(found.values_list("stripe_id", flat=True))


def _batch(
    connection: Connection, resource: Resource, sightings: Sequence[Sighting], unusable: Sequence[Unusable]
) -> _Batch:
    batch = _Batch(unusable=list(unusable))
    for sighting in sightings:
        try:
            row = _row(connection, resource, sighting)
        except (UnusableError, RecursionError) as error:
            batch.unusable.append(aside.unusable_of(sighting.value, error))
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
        *[column.read(value) for column in resource.columns],
    )
    return (*row, sighting.position, sighting.applied_at) if is_event else row


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


def _touch(connection: Connection, changed: Sequence[tuple[Resource, Sequence[str]]]) -> None:
    if connection.imported_at is None:
        return
    if mark_touched(connection, changed):
        jobs.enqueue(connection.organization_id, RECOMPUTE)
