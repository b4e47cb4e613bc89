"""Read objects from Stripe whole: lists that Stripe cuts at ten are read to their end."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import msgspec
from django.conf import settings

from billing_sync.mirror import Draft, Sighting, Unusable, drafted, read_object
from billing_sync.payload import JsonObject, decode_object
from billing_sync.resource import Embedded, Resource
from billing_sync.stripe_client import PAGE, Page, Stripe
from billing_sync.stripe_errors import NotFoundError, TooLargeError, not_stripe
from config.clock import now

SHORTER = (PAGE, 10, 1)
FIRST_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,255})"')


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page of a list, parsed, with the place it was asked for and the place where the next one starts."""

    after: str
    fetched_at: datetime
    values: Sequence[JsonObject]
    unusable: Sequence[Unusable]
    has_more: bool
    last_id: str

    def sightings(self) -> list[Sighting]:
        """Return the objects as seen now, at the version we pin."""
        return [Sighting(value, self.fetched_at, settings.STRIPE_API_VERSION) for value in self.values]


@dataclass(frozen=True, slots=True)
class Drafted:
    """One page of a list as the rows that it becomes, with its place and that of the next."""

    after: str
    fetched_at: datetime
    drafts: Sequence[Draft]
    unusable: Sequence[Unusable]
    has_more: bool
    last_id: str

    @property
    def objects(self) -> int:
        """Return how many objects the page shows."""
        return len(self.drafts) + len(self.unusable)


@dataclass(frozen=True, slots=True)
class _Answer:
    fetched_at: datetime
    texts: Sequence[msgspec.Raw]
    unusable: list[Unusable]
    has_more: bool
    last_id: str


def read_page(stripe: Stripe, resource: Resource, after: str, **params: object) -> Fetched:
    """Return a page of a resource, the first one if `after` is empty."""
    answer = _read(stripe, resource, after, params)
    values = list(_objects(stripe, resource, answer))
    return Fetched(after, answer.fetched_at, values, answer.unusable, answer.has_more, answer.last_id)


def read_drafts(
    stripe: Stripe, resource: Resource, livemode: bool | None, after: str, **params: object
) -> Drafted:
    """Return a page as rows: each object is drafted as soon as it is parsed, and not kept."""
    answer = _read(stripe, resource, after, params)
    version = settings.STRIPE_API_VERSION
    sightings = (Sighting(value, answer.fetched_at, version) for value in _objects(stripe, resource, answer))
    drafts = drafted(resource, livemode, sightings)
    return Drafted(after, answer.fetched_at, drafts, answer.unusable, answer.has_more, answer.last_id)


def _read(stripe: Stripe, resource: Resource, after: str, params: dict[str, object]) -> _Answer:
    # The time before asking: what is stored must never look newer than it is.
    fetched_at = now()
    if after:
        params["starting_after"] = after
    if resource.expand:
        params["expand"] = list(resource.expand)
    try:
        page = _page(stripe, resource.path, **resource.params, **params)
    except _GiganticError as gigantic:
        unusable = Unusable(gigantic.identity, str(gigantic))
        return _Answer(fetched_at, (), [unusable], True, gigantic.identity)
    return _Answer(fetched_at, page.objects, [], page.has_more, page.last_id)


def _objects(stripe: Stripe, resource: Resource, answer: _Answer) -> Iterator[JsonObject]:
    for text in answer.texts:
        value = read_object(text)
        if isinstance(value, Unusable):
            answer.unusable.append(value)
            continue
        try:
            whole = complete(stripe, resource, value)
        except ValueError as error:
            answer.unusable.append(Unusable(str(value.get("id") or "?"), str(error), value))
            continue
        yield whole


class _GiganticError(Exception):
    """The next object of a list is larger than anything we take in; its id lets the list go on."""

    def __init__(self, identity: str) -> None:
        super().__init__("It is too large to be read.")
        self.identity = identity


def _page(stripe: Stripe, path: str, **params: object) -> Page:
    """Return a page of a list, a shorter one where it would be too large."""
    for limit in SHORTER:
        try:
            return stripe.list_page(path, limit=limit, **params)
        except TooLargeError as error:
            named = FIRST_ID.search(error.head)
            if limit == 1 and named is not None:
                raise _GiganticError(named[1].decode()) from error
    raise not_stripe(path)


def read_one(stripe: Stripe, resource: Resource, identity: str) -> Sighting:
    """Return one object as it is now; a customer that was deleted says so in itself."""
    fetched_at = now()
    expand = [path.removeprefix("data.") for path in resource.expand]
    path = f"{resource.path}/{quote(identity, safe='')}"
    value = stripe.retrieve(path, **({"expand": expand} if expand else {}))
    deleted = value.get("deleted") is True
    whole = value if deleted else complete(stripe, resource, value)
    return Sighting(whole, fetched_at, settings.STRIPE_API_VERSION, deleted)


def complete(stripe: Stripe, resource: Resource, value: JsonObject) -> JsonObject:
    """Return the object with every embedded list read to its end."""
    for embedded in resource.embedded:
        found = value.get(embedded.name)
        if not isinstance(found, dict) or found.get("has_more") is not True:
            continue
        try:
            value = {**value, embedded.name: _whole(stripe, embedded, value, found)}
        except NotFoundError:
            # Deleted since the page was made: its event will say so, and has_more stays true until then.
            continue
    return value


def _whole(stripe: Stripe, embedded: Embedded, owner: JsonObject, found: JsonObject) -> JsonObject:
    identity = str(owner.get("id", ""))
    path = embedded.path.format(id=quote(identity, safe=""))
    params = {name: given.format(id=identity) for name, given in embedded.params.items()}
    data: list[JsonObject] = []
    after: dict[str, str] = {}
    while True:
        page = stripe.list_page(path, **params, **after)
        data += [decode_object(one) for one in page.objects]
        if not page.has_more:
            return {**found, "data": data, "has_more": False}
        after = {"starting_after": page.last_id}
