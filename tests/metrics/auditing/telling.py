"""What happens in an invented company, told to the mirror as webhooks tell it, without the wire between."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from django.conf import settings

from accounts.pipeline import together
from accounts.tenancy import tenant
from billing_sync.hints import Target, targets_of
from billing_sync.mirror import Found, Sighting, store_found
from billing_sync.models import Connection
from billing_sync.payload import JsonObject, decode_object
from billing_sync.resource import Resource
from billing_sync.resources import BY_KIND, EVENTS, INVOICE_ITEMS, INVOICES
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.objects import build
from billing_sync.sandbox.records import Event
from tests.metrics.seeding import Mirror, expanded

AT_ONCE, EVENT_DAYS = 1_000, 30
GONE = {"deleted": True}


def tell_all(mirror: Mirror) -> None:
    """Tell every object as it is now, and the events of some last days, as a first import does."""
    since = mirror.company.now - EVENT_DAYS * DAY
    found = (
        (resource, record)
        for kind, resource in BY_KIND.items()
        for record in mirror.company.book.all(kind)
        if not getattr(record, "deleted", False) and (resource is not EVENTS or record.created >= since)
    )
    while some := list(islice(found, AT_ONCE)):
        _store(mirror, [(resource, _seen(mirror, resource, record)) for resource, record in some])


def tell(mirror: Mirror, events: Iterable[Event]) -> None:
    """Tell events, each with the objects that it hints at, as they are now."""
    values = [_value(build("event", event, False)) for event in events]
    targets = dict.fromkeys(target for value in values for target in _targets(mirror, value))
    told: list[Found] = [(EVENTS, _sighting(mirror, value)) for value in values]
    for resource, identity in targets:
        record = mirror.company.book.get(resource.kind, identity)
        if record is not None:
            told.append((resource, _seen(mirror, resource, record)))
    _store(mirror, told)


def _targets(mirror: Mirror, event: JsonObject) -> Iterator[Target]:
    """Name what an event hints at; with an invoice, what it may have billed."""
    yield from targets_of(event)
    shown = event["data"]["object"]
    if shown["object"] == "invoice":
        items = mirror.company.book.newest_first(
            "invoiceitem", 0, mirror.company.now, customer=shown["customer"]
        )
        yield from ((INVOICE_ITEMS, identity) for identity, _ in items)


def _seen(mirror: Mirror, resource: Resource, record: Any) -> Sighting:
    if getattr(record, "deleted", False):
        return _sighting(mirror, {"id": record.id, "object": resource.kind, **GONE})
    value = expanded(resource.kind, record)
    for line in value["lines"]["data"] if resource is INVOICES else ():
        held = (mirror.company.book.get("discount", name) for name in line["discounts"])
        line["discounts"] = [build("discount", one, False) for one in held]
    return _sighting(mirror, _value(value))


def _value(told: dict[str, Any]) -> JsonObject:
    return decode_object(msgspec.json.encode(told))


def _sighting(mirror: Mirror, value: JsonObject) -> Sighting:
    at = datetime.fromtimestamp(mirror.company.now, UTC)
    return Sighting(value, at, settings.STRIPE_API_VERSION, deleted="deleted" in value, applied_at=at)


def _store(mirror: Mirror, found: list[Found]) -> None:
    with tenant(mirror.organization_id), together() as road:
        store_found(Connection.objects.get(id=mirror.connection_id), found, road)
