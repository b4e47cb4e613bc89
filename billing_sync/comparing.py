"""Hold what a list shows against what the mirror holds, without writing anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from billing_sync.columns import at
from billing_sync.mirror import Sighting
from billing_sync.mirror.erased import erased_among
from billing_sync.models import Connection, Payer, Repair
from billing_sync.payload import JsonObject, read_payload, same_payload, unpacked
from billing_sync.personal import personal_fields, undescribed, without_personal
from billing_sync.reading import Fetched
from billing_sync.resource import Resource
from billing_sync.resources import CUSTOMERS, PAYMENT_METHODS, SUBSCRIPTIONS

Target = tuple[Resource, str]
Difference = Repair.Difference
CARDS = {CUSTOMERS: "invoice_settings.default_payment_method", SUBSCRIPTIONS: "default_payment_method"}


@dataclass(frozen=True, slots=True)
class Standing:
    """An object as the mirror holds it; `personal` is a customer's data, kept apart."""

    payload: bytes
    api_version: str
    deleted: bool
    personal: bytes = b""

    def value(self) -> JsonObject:
        """Return the object."""
        return read_payload(self.payload)


@dataclass(slots=True)
class Page:
    """What a page of a list says about the mirror."""

    suspects: list[Target] = field(default_factory=list)
    cards: list[Target] = field(default_factory=list)
    outdated: list[Sighting] = field(default_factory=list)


def standings(connection: Connection, targets: Iterable[Target]) -> dict[Target, Standing]:
    """Return what the mirror holds of these objects."""
    ours = {"organization_id": connection.organization_id, "connection_id": connection.id}
    wanted: dict[Resource, list[str]] = {}
    for resource, identity in targets:
        wanted.setdefault(resource, []).append(identity)
    payers = Payer.objects.filter(**ours, customer_id__in=wanted.get(CUSTOMERS, []))
    personal = dict(payers.values_list("customer_id", "fields")) if CUSTOMERS in wanted else {}
    found: dict[Target, Standing] = {}
    for resource, ids in wanted.items():
        rows = resource.model._default_manager.filter(**ours, stripe_id__in=ids)
        for identity, payload, version, deleted_at in rows.values_list(
            "stripe_id", "payload", "api_version", "deleted_at"
        ):
            theirs = bytes(personal.get(identity, b"")) if resource is CUSTOMERS else b""
            found[resource, identity] = Standing(bytes(payload), version, deleted_at is not None, theirs)
    return found


def compare(connection: Connection, resource: Resource, fetched: Fetched) -> Page:
    """Return what of a page is not as the mirror has it, and the cards that came with it.

    An object kept under another version of the API differs for that reason alone.
    """
    values = {str(value.get("id") or ""): value for value in fetched.values}
    cards = {identity: card for identity, value in values.items() if (card := _card(resource, value))}
    page = Page(cards=[(PAYMENT_METHODS, card["id"]) for card in cards.values()])
    known = standings(connection, [*((resource, identity) for identity in values), *page.cards])
    owners = {identity: _owner(resource, value) for identity, value in values.items()}
    erased = erased_among(connection.organization_id, owners.values())
    for identity, value in values.items():
        here = known.get((resource, identity))
        if here and here.api_version != settings.STRIPE_API_VERSION and not here.deleted:
            page.outdated.append(Sighting(value, fetched.fetched_at, settings.STRIPE_API_VERSION))
        elif not _same(here, resource, value, erased=owners[identity] in erased) or not _card_same(
            known, cards.get(identity)
        ):
            page.suspects.append((resource, identity))
    return page


def unlisted(
    connection: Connection,
    resource: Resource,
    listed: Iterable[str],
    between: tuple[datetime | None, datetime | None],
    which: Q,
) -> list[Target]:
    """Return the objects that a list should have shown between two times, the later one included."""
    after, until = between
    rows = resource.model._default_manager.filter(
        which,
        organization_id=connection.organization_id,
        connection_id=connection.id,
        deleted_at=None,
        created_at__isnull=False,
    )
    if after is not None:
        rows = rows.filter(created_at__gt=after)
    if until is not None:
        rows = rows.filter(created_at__lte=until)
    shown = set(listed)
    return [(resource, one) for one in rows.values_list("stripe_id", flat=True) if one not in shown]


def difference(before: Standing | None, after: Standing | None) -> Repair.Difference | None:
    """Return what was wrong with the mirror, now that it is right; None if nothing was."""
    if after is None or before == after:
        return None
    if before is None:
        return None if after.deleted else Difference.MISSING
    if after.deleted:
        return None if before.deleted else Difference.VANISHED
    same = _texts(before) == _texts(after) and not before.deleted
    return None if same else Difference.CHANGED


def _texts(standing: Standing) -> list[bytes]:
    """Return what is kept of an object, however it was compressed."""
    return [unpacked(blob) for blob in (standing.payload, standing.personal) if blob]


def _card(resource: Resource, value: JsonObject) -> JsonObject | None:
    card = at(value, CARDS[resource]) if resource in CARDS else None
    return card if isinstance(card, dict) and isinstance(card.get("id"), str) else None


def _card_same(known: Mapping[Target, Standing], card: JsonObject | None) -> bool:
    return card is None or _same(known.get((PAYMENT_METHODS, card["id"])), PAYMENT_METHODS, card)


def _owner(resource: Resource, value: JsonObject) -> str:
    """Return the customer to whom an object belongs, as far as it says."""
    owner = value.get("id") if resource is CUSTOMERS else value.get("customer")
    found = owner.get("id") if isinstance(owner, dict) else owner
    return found if isinstance(found, str) else ""


def _same(here: Standing | None, resource: Resource, value: JsonObject, *, erased: bool = False) -> bool:
    """Say whether an object is kept as it is, and of an erased payer's as much as may be."""
    if here is None or here.deleted:
        return False
    try:
        kept = without_personal(value, resource.kind)
        if not same_payload(here.payload, undescribed(kept) if erased else kept):
            return False
        personal = {} if erased else personal_fields(value)
        return resource is not CUSTOMERS or same_payload(here.personal, personal)
    except RecursionError:
        return False
