"""Faults that a sandbox commits on purpose, in a seeded order."""

import re
from dataclasses import dataclass, fields
from typing import Any

from .deliveries import Handling
from .endpoints import ENDPOINTS
from .limits import RATES


@dataclass(frozen=True, slots=True)
class Faults:
    """Say what goes wrong: shares are per thousand requests, `latency` is in milliseconds.

    `limits` enforces Stripe's rates ("live" or "test"), `retry_after` adds that header, in seconds, to
    refusals; of every `burst_every` requests the last `burst` are refused.

    `cut` ends answers half-way, `hang` holds them back for `hang_ms`. Stripe's clock is `skew` seconds ahead
    of the company's, and the company's moves on by `drift` seconds with each request. `truncated` is a share
    of pages that deny that more follow. One per `malformed` and one per `gigantic` objects cannot be used
    (`malformed_as` a manner, `malformed_in` a list's name). The `event_` and `webhook_` shares are of events
    (`webhook_late`: of deliveries); `webhook_repeat` is the most that one arrives. The account's own API
    version is `account_version`: its events are kept in that. Access tokens granted to a platform live for
    `token_seconds`, or for ever.
    """

    latency: int = 0
    rate_limit: int = 0
    error: int = 0
    lock_timeout: int = 0
    limits: str = ""
    retry_after: int = 0
    burst: int = 0
    burst_every: int = 0
    cut: int = 0
    hang: int = 0
    hang_ms: int = 100_000
    skew: int = 0
    drift: int = 0
    truncated: int = 0
    malformed: int = 0
    malformed_as: str = ""
    malformed_in: str = ""
    gigantic: int = 0
    gigantic_mb: int = 20
    event_late: int = 0
    event_late_seconds: int = 60
    event_missing: int = 0
    event_twice: int = 0
    event_shuffle: int = 0
    webhook_repeat: int = 1
    webhook_drop: int = 0
    webhook_shuffle: int = 0
    webhook_late: int = 0
    webhook_late_ms: int = 0
    webhook_forged: int = 0
    webhook_old: int = 0
    webhook_ahead: int = 0
    account_version: str = ""
    token_seconds: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.malformed_as not in ("", *MANNERS):
            raise ValueError(f"malformed_as={self.malformed_as}: choose from {', '.join(MANNERS)}")
        if self.malformed_in not in ("", *ENDPOINTS):
            raise ValueError(
                f"malformed_in={self.malformed_in}: it is no list; choose from {', '.join(ENDPOINTS)}"
            )
        if self.limits not in ("", *RATES):
            raise ValueError(f"limits={self.limits}: choose from {', '.join(RATES)}")
        if (self.burst or self.burst_every) and not 0 < self.burst < self.burst_every:
            raise ValueError("give burst=N with burst_every=M: of every M requests, N (fewer) are refused")
        if self.webhook_repeat < 1:
            raise ValueError("webhook_repeat=0: an event arrives once at least; see webhook_drop")
        if not VERSION.fullmatch(self.account_version):
            raise ValueError(f"account_version={self.account_version}: write it like 2024-06-20")
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1_000:
                raise ValueError(f"{name}={getattr(self, name)}: it is a share of 1000, from 0 to 1000")

        if sum(getattr(self, name) for name in OF_REQUESTS) > 1_000:
            raise ValueError(f"{', '.join(OF_REQUESTS)} are shares of the same 1000 requests: give fewer")

    @property
    def handling(self) -> Handling:
        """Return how webhooks are delivered."""
        return Handling(
            repeat=(1, self.webhook_repeat),
            drop=self.webhook_drop / 1_000,
            shuffle=self.webhook_shuffle > 0,
            late=self.webhook_late / 1_000,
            late_by=self.webhook_late_ms / 1_000,
            forged=self.webhook_forged / 1_000,
            old=self.webhook_old / 1_000,
            ahead=self.webhook_ahead / 1_000,
            seed=self.seed,
        )


OF_REQUESTS = ("rate_limit", "error", "lock_timeout", "cut", "hang")
SHARES = (
    *OF_REQUESTS,
    "truncated",
    "event_late",
    "event_missing",
    "event_twice",
    "webhook_drop",
    "webhook_late",
    "webhook_forged",
    "webhook_old",
    "webhook_ahead",
)
MANNERS = ("no_id", "no_object", "nul", "surrogate")
VERSION = re.compile(r"(\d{4}-\d{2}-\d{2}(\.[a-z]+)?)?")
SIGNED = ("skew",)
KINDS = {field.name: field.type for field in fields(Faults)}


def parse(text: str) -> Faults:
    """Read faults written as `latency=100,rate_limit=20,limits=live,seed=1`."""
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if name not in KINDS or not value:
            raise ValueError(
                f"'{part}' is no fault; write NAME=VALUE with a name of {', '.join(sorted(KINDS))}"
            )
        found[name] = _read(name, value)
    return Faults(**found)


def _read(name: str, value: str) -> str | int:
    if KINDS[name] is str:
        return value
    digits = value.removeprefix("-") if name in SIGNED else value
    if not digits.isdecimal():
        raise ValueError(f"'{name}={value}' is no fault; {name} is a whole number")
    return int(value)
