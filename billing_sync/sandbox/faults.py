"""Faults that a sandbox commits on purpose, in a seeded order."""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

from .deliveries import Handling
from .limits import RATES


@dataclass(frozen=True, slots=True)
class Faults:
    """Say what goes wrong: shares are per thousand requests, `latency` is in milliseconds.

    `limits` enforces Stripe's rates ("live" or "test"), `retry_after` adds that header, in seconds, to
    refusals; of every `burst_every` requests the last `burst` are refused. The `webhook_` shares are of
    events (`webhook_late`: of deliveries); `webhook_repeat` is the most that one arrives. The account's own
    API version is `account_version`: its events are kept in that.
    """

    latency: int = 0
    rate_limit: int = 0
    error: int = 0
    lock_timeout: int = 0
    limits: str = ""
    retry_after: int = 0
    burst: int = 0
    burst_every: int = 0
    webhook_repeat: int = 1
    webhook_drop: int = 0
    webhook_shuffle: int = 0
    webhook_late: int = 0
    webhook_late_ms: int = 0
    webhook_forged: int = 0
    webhook_old: int = 0
    webhook_ahead: int = 0
    account_version: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
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


SHARES = (
    "rate_limit",
    "error",
    "lock_timeout",
    "webhook_drop",
    "webhook_late",
    "webhook_forged",
    "webhook_old",
    "webhook_ahead",
)
VERSION = re.compile(r"(\d{4}-\d{2}-\d{2}(\.[a-z]+)?)?")
SIGNED: tuple[str, ...] = ()
KINDS = {field.name: field.type for field in fields(Faults)}


def parse(text: str, onto: Faults | None = None) -> Faults:
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
    return replace(onto or Faults(), **found)


def _read(name: str, value: str) -> str | int:
    if KINDS[name] is str:
        return value
    digits = value.removeprefix("-") if name in SIGNED else value
    if not digits.isdecimal():
        raise ValueError(f"'{name}={value}' is no fault; {name} is a whole number")
    return int(value)
