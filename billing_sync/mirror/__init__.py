"""Store what Stripe said: many objects in one transaction, newer over older, twice without harm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b, sha256

from accounts import jobs
from accounts.pipeline import Answer, Road, together
from billing_sync.mirror import aside, upsert
from billing_sync.mirror.aside import Unusable
from billing_sync.mirror.drafts import CARDS, Draft, Sighting, drafted
from billing_sync.mirror.erased import without_erased
from billing_sync.mirror.touched import Changed, mark_everyone, mark_touched
from billing_sync.mirror.upsert import move_ranges
from billing_sync.models import Connection
from billing_sync.payload import JsonObject, decode_object, name_of
from billing_sync.resource import Resource
from billing_sync.resources import CUSTOMERS, EVENTS, MIRRORED, PAYMENT_METHODS

__all__ = [
    "Draft",
    "Found",
    "Sighting",
    "Unusable",
    "drafted",
    "lock",
    "mark_everyone",
    "move_ranges",
    "read_object",
    "store",
    "store_drafts",
    "store_events",
    "store_found",
    "tombstone",
]

# What Stripe says of a deleted object, and nothing more.
GONE = ("id", "deleted")
RECOMPUTE = "recompute"


Found = tuple[Resource, Sighting | Unusable]


@dataclass(slots=True)
class _Batch:
    drafts: dict[str, Draft] = field(default_factory=dict)
    unusable: list[Unusable] = field(default_factory=list)

    def sorted(self) -> list[Draft]:
        # One order everywhere, so that two pages that overlap cannot wait for each other.
        return [self.drafts[identity] for identity in sorted(self.drafts)]


def read_object(text: bytes) -> JsonObject | Unusable:
    """Parse one object of a page by itself, so that one that is broken spoils no other."""
    try:
        return decode_object(text)
    except ValueError as error:
        return Unusable(name_of(text) or f"sha256:{sha256(text).hexdigest()}", str(error))


def store(
    connection: Connection,
    resource: Resource,
    sightings: Sequence[Sighting],
    unusable: Sequence[Unusable] = (),
) -> list[str]:
    """Write objects of one kind inside the tenant's transaction; return the ids that are new or different.

    Unless the first import still runs, mark the customers they touch and ask for their numbers.
    """
    return store_drafts(connection, resource, _drafts(connection, resource, sightings), unusable)


def store_drafts(
    connection: Connection, resource: Resource, drafts: Iterable[Draft], unusable: Sequence[Unusable] = ()
) -> list[str]:
    """Write objects that are drafted already, as `store` does."""
    changed = _write(connection, resource, drafts, unusable)
    with together() as road:
        _touch(connection, [changed], road)
    return list(changed.ids)


def store_events(
    connection: Connection, sightings: Sequence[Sighting], unusable: Sequence[Unusable] = ()
) -> list[str]:
    """Add events to the log; return the ids of those that were not there."""
    return store(connection, EVENTS, sightings, unusable)


def store_found(connection: Connection, found: Sequence[Found], road: Road) -> list[str]:
    """Write objects of several kinds, the deleted ones among them; return the ids that changed.

    Customers are marked once, after everything: writers that meet lock the same things in the same order.
    Their marks wait on the road.
    """
    changed = []
    found_of: dict[Resource, list[Sighting | Unusable]] = {}
    for resource, one in found:
        found_of.setdefault(resource, []).append(one)
    for resource in (one for one in MIRRORED if one in found_of):
        seen = found_of[resource]
        living = [one for one in seen if isinstance(one, Sighting) and not one.deleted]
        unusable = [one for one in seen if isinstance(one, Unusable)]
        if living or unusable:
            drafts = _drafts(connection, resource, living)
            changed.append(_write(connection, resource, drafts, unusable))
        gone = [one for one in seen if isinstance(one, Sighting) and one.deleted]
        if gone:
            changed.append(Changed(resource, _bury_all(connection, resource, gone)))
    _touch(connection, changed, road)
    return [identity for one in changed for identity in one.ids]


def tombstone(connection: Connection, resource: Resource, ids: Sequence[str], at: datetime) -> list[str]:
    """Mark objects as deleted in Stripe, keeping what was known; return those that were there."""
    changed = _bury(connection, resource, ids, at)
    with together() as road:
        _touch(connection, [Changed(resource, changed)], road)
    return changed


def lock(connection: Connection, objects: Iterable[tuple[Resource, str]], road: Road) -> None:
    """Hold these objects until the transaction ends: whoever fetches one of them waits until it is stored."""
    names = {f"{connection.id}\n{resource.name}\n{identity}" for resource, identity in objects}
    digests = (blake2b(name.encode(), digest_size=8).digest() for name in names)
    upsert.lock(sorted(int.from_bytes(digest, signed=True) for digest in digests), road)
    road.travel()


def _drafts(connection: Connection, resource: Resource, sightings: Iterable[Sighting]) -> list[Draft]:
    return drafted(resource, connection.livemode, sightings)


def _write(
    connection: Connection, resource: Resource, drafts: Iterable[Draft], unusable: Sequence[Unusable]
) -> Changed:
    with together() as road:
        written = _send(connection, resource, drafts, unusable, road)
    told = [row for answer in written for row in answer.fetchall()]
    owners = {row[1] for row in told} if told and len(told[0]) > 1 else None
    return Changed(resource, [row[0] for row in told], owners)


def _send(
    connection: Connection,
    resource: Resource,
    drafts: Iterable[Draft],
    unusable: Sequence[Unusable],
    road: Road,
) -> list[Answer]:
    batch = _batch(drafts, unusable)
    chosen = batch.sorted()
    without_erased(connection, resource, chosen)
    if batch.unusable:
        # Before the others, whose writing forgets what was wrong with them.
        aside.set_aside(connection, resource, batch.unusable, road)
    if resource is EVENTS:
        logged = [(*one.row, one.position, one.applied_at) for one in chosen]
        written = upsert.log(connection, logged, road)
    else:
        written = upsert.upsert(connection, resource, [one.row for one in chosen], road)
    if resource is CUSTOMERS:
        upsert.upsert_payers(connection, [one.payer for one in chosen if one.payer], road)
    if resource in CARDS and (cards := [one.card for one in chosen if one.card]):
        # Nobody's revenue moves with a card.
        _send(connection, PAYMENT_METHODS, cards, (), road)
    return written


def _bury_all(connection: Connection, resource: Resource, gone: Sequence[Sighting]) -> list[str]:
    """Mark deleted objects; one that was never seen is kept if its last state is told."""
    known = set(_present(connection, resource, [one.value["id"] for one in gone]))
    untold = [one for one in gone if one.value["id"] not in known and len(one.value) > len(GONE)]
    changed = (
        list(_write(connection, resource, _drafts(connection, resource, untold), ()).ids) if untold else []
    )
    for one in gone:
        changed += _bury(connection, resource, [one.value["id"]], one.fetched_at)
    with together() as road:
        aside.no_longer(connection, resource, [one.value["id"] for one in gone], road)
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


def _batch(drafts: Iterable[Draft], unusable: Sequence[Unusable]) -> _Batch:
    batch = _Batch(unusable=list(unusable))
    for one in drafts:
        if one.unusable is not None:
            batch.unusable.append(one.unusable)
            continue
        other = batch.drafts.get(one.stripe_id)
        if other is None or other.fetched_at <= one.fetched_at:
            batch.drafts[one.stripe_id] = one
    return batch


def _touch(connection: Connection, changed: Sequence[Changed], road: Road) -> None:
    if connection.imported_at is None:
        return
    if mark_touched(connection, changed, road):
        jobs.enqueue_by(road, connection.organization_id, RECOMPUTE)
