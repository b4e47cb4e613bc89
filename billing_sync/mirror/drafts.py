"""Turn what Stripe said into the rows it becomes, one object at a time, while its parsed form is at hand.

A parsed object takes ten times the memory of its text, and working on one that has just been parsed is twice
as fast as coming back to it after hundreds of others. The texts of a page are compressed together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from billing_sync.columns import UnusableError, at, created_at, made_at, own_id
from billing_sync.mirror.aside import Unusable, unusable_of
from billing_sync.mirror.upsert import KEPT, PAYER
from billing_sync.payload import JsonObject, all_packed, canonical
from billing_sync.personal import event_without_personal, personal_fields, without_personal
from billing_sync.resource import Resource
from billing_sync.resources import CUSTOMERS, EVENTS, PAYMENT_METHODS, SUBSCRIPTIONS

LONGEST_NAME = 255
PAYLOAD, FIELDS = (
    [name for name, _ in columns].index(packed) for columns, packed in ((KEPT, "payload"), (PAYER, "fields"))
)
# Where customers and subscriptions are expanded with a payment method.
CARDS = {
    CUSTOMERS: "invoice_settings.default_payment_method",
    SUBSCRIPTIONS: "default_payment_method",
}


class Sighting(NamedTuple):
    """An object as it was at one time, under one version of the API."""

    value: JsonObject
    fetched_at: datetime
    api_version: str
    deleted: bool = False
    position: int | None = None
    applied_at: datetime | None = None


@dataclass(slots=True)
class Draft:
    """An object's row, or why it has none, and what is written beside it."""

    fetched_at: datetime
    created: int | None
    made_at: datetime | None
    row: list[Any] = field(default_factory=list)
    unusable: Unusable | None = None
    payer: list[Any] | None = None
    card: "Draft | None" = None
    position: int | None = None
    applied_at: datetime | None = None

    @property
    def stripe_id(self) -> str:
        """Return the id of an object that has a row."""
        return str(self.row[0])


def drafted(resource: Resource, livemode: bool | None, sightings: Iterable[Sighting]) -> list[Draft]:
    """Draft objects of an account's live or test mode; None where the mode is not known."""
    found = [_draft(resource, livemode, one) for one in sightings]
    texts = [*_texts(found)]
    for (row, place), payload in zip(texts, all_packed([row[place] for row, place in texts]), strict=True):
        row[place] = payload
    return found


def _texts(drafts: Iterable[Draft]) -> Iterator[tuple[list[Any], int]]:
    """Yield each row that holds a text still to be compressed, and where."""
    for one in drafts:
        if one.row:
            yield one.row, PAYLOAD
        if one.payer is not None:
            yield one.payer, FIELDS
        if one.card is not None:
            yield from _texts([one.card])


def _draft(resource: Resource, livemode: bool | None, sighting: Sighting) -> Draft:
    value = sighting.value
    created = value.get("created")
    listed_at = created if isinstance(created, int) else None
    try:
        row = _row(resource, livemode, sighting)
        payer = _payer(row[0], sighting) if resource is CUSTOMERS else None
    except (UnusableError, RecursionError) as error:
        unusable = unusable_of(value, error)
        return Draft(sighting.fetched_at, listed_at, made_at(value), unusable=unusable)
    return Draft(
        sighting.fetched_at,
        listed_at,
        row[1],
        row,
        payer=payer,
        card=_card(resource, livemode, sighting) if resource in CARDS else None,
        position=sighting.position,
        applied_at=sighting.applied_at,
    )


def _row(resource: Resource, livemode: bool | None, sighting: Sighting) -> list[Any]:
    value = sighting.value
    identity = own_id(value)
    mode = value.get("livemode")
    if isinstance(mode, bool) and livemode is not None and mode != livemode:
        raise UnusableError("It belongs to the other mode of the account.")
    kept = event_without_personal(value) if resource is EVENTS else without_personal(value, resource.kind)
    return [
        identity,
        created_at(value),
        canonical(kept),
        sighting.api_version,
        sighting.fetched_at,
        sighting.fetched_at if sighting.deleted else None,
        *[column.read(value) for column in resource.columns],
    ]


def _payer(identity: str, sighting: Sighting) -> list[Any]:
    fields = personal_fields(sighting.value)
    name, email = (_short(fields.get(key)) for key in ("name", "email"))
    return [identity, name, email, canonical(fields), sighting.fetched_at]


def _short(value: object) -> str:
    return value[:LONGEST_NAME].replace("\x00", "\ufffd") if isinstance(value, str) else ""


def _card(resource: Resource, livemode: bool | None, sighting: Sighting) -> Draft | None:
    card = at(sighting.value, CARDS[resource])
    if not isinstance(card, dict):
        return None
    return _draft(PAYMENT_METHODS, livemode, Sighting(card, sighting.fetched_at, sighting.api_version))
