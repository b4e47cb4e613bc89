"""Events as they reach a webhook endpoint: repeated, shuffled, late, never, or forged."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from .company import Company
from .listing import FOREVER
from .objects import build
from .objects.json import Json
from .older import event_at
from .thin import thin
from .webhooks import WebhookEndpoint, new_secret, signature

HOUR = 3_600
MISTAKES = ("forged", "old", "ahead")


@dataclass(frozen=True, slots=True)
class Handling:
    """Say how carelessly events are delivered; shares lie between 0 and 1.

    Each event arrives `repeat[0]` to `repeat[1]` times, or never with the share `drop`. The share `late`
    of the deliveries comes after all others, `late_by` seconds later. `forged`, `old` and `ahead` are
    shares of events of which a false copy is sent besides: not signed by Stripe, or dated an hour wrong.
    """

    repeat: tuple[int, int] = (1, 1)
    drop: float = 0
    shuffle: bool = False
    late: float = 0
    late_by: float = 0
    forged: float = 0
    old: float = 0
    ahead: float = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        least, most = self.repeat
        if not 1 <= least <= most:
            raise ValueError("repeat=[least, most]: both at least 1, the first not above the second")
        for name in ("drop", "late", *MISTAKES):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)}: it is a share, from 0 to 1")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hold one POST; `way` is "honest", or what is wrong with it, and `delay` is in seconds."""

    event: str
    endpoint: str
    url: str
    headers: dict[str, str]
    body: bytes
    way: str = "honest"
    delay: float = 0


def happened(company: Company, since: int) -> list[Any]:
    """Return the records of a company's events from an instant on, oldest first."""
    return [record for _, record in company.book.newest_first("event", since, FOREVER)][::-1]


def deliveries(
    company: Company,
    endpoint: WebhookEndpoint,
    since: int = 0,
    handling: Handling | None = None,
    skew: int = 0,
) -> Iterator[Delivery]:
    """Yield what an endpoint is sent of the events from an instant on; the same for the same seed."""
    records = [record for record in happened(company, since) if endpoint.wants(record.type)]
    account = company.account.id

    def shown(record: Any) -> Json:
        return snapshot(build("event", record, endpoint.live), endpoint, account)

    return planned(records, shown, endpoint, handling or Handling(), skew)


def planned(
    records: Iterable[Any],
    shown: Callable[[Any], Json],
    endpoint: WebhookEndpoint,
    handling: Handling,
    skew: int = 0,
) -> Iterator[Delivery]:
    """Yield the deliveries of events, each shown, and dated by a skewed clock, when its turn comes."""
    dice = random.Random(handling.seed)  # noqa: S311 - repeatable on purpose
    plan = [(record, way) for record in records for way in _ways(handling, record.id)]
    if handling.shuffle:
        dice.shuffle(plan)
    marked = [(record, way, dice.random() < handling.late) for record, way in plan]
    marked.sort(key=lambda one: one[2])
    for record, way, is_late in marked:
        delay = handling.late_by if is_late else 0
        at = int(time.time()) + skew + {"old": -HOUR, "ahead": HOUR}.get(way, 0)
        yield delivery(shown(record), endpoint, way, delay, at, dice)


def _ways(handling: Handling, event: str) -> list[str]:
    dice = random.Random(f"{handling.seed}/{event}")  # noqa: S311 - repeatable on purpose
    dropped = dice.random() < handling.drop
    times = dice.randint(*handling.repeat)
    false = [way for way in MISTAKES if dice.random() < getattr(handling, way)]
    return ["honest"] * (0 if dropped else times) + false


def snapshot(shown: Json, endpoint: WebhookEndpoint, account: str) -> Json:
    """Return an event as an endpoint's API version, and its platform, have it."""
    found = event_at(shown, endpoint.api_version) if endpoint.api_version else {**shown}
    found["pending_webhooks"] = 1
    return {**found, "account": account} if endpoint.connect else found


def delivery(
    shown: Json, endpoint: WebhookEndpoint, way: str, delay: float, at: int, dice: random.Random
) -> Delivery:
    """Return one POST of an event, signed at an instant."""
    sent = thin(shown) if endpoint.thin else shown
    body = msgspec.json.encode(sent)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(endpoint.secrets, at, body),
    }
    if way == "forged":
        body = _forge(headers, body, at, dice.randrange(5))
    return Delivery(shown["id"], endpoint.id, endpoint.url, headers, body, way, delay)


def _forge(headers: dict[str, str], body: bytes, at: int, manner: int) -> bytes:
    """Spoil the signature in one of the manners of forgers, and return the body to send."""
    honest = headers["Stripe-Signature"]
    if manner == 0:
        headers["Stripe-Signature"] = signature([new_secret()], at, body)
    elif manner == 1:
        body = body.replace(b'"livemode":', b'"livemode" :', 1)
    elif manner == 2:
        del headers["Stripe-Signature"]
    elif manner == 3:
        headers["Stripe-Signature"] = honest.replace("v1=", "v0=")
    else:
        headers["Stripe-Signature"] = f"t=now,v1={'g' * 64}"
    return body
