"""Faults that a sandbox commits on purpose, in a seeded order."""

from dataclasses import dataclass, fields, replace
from typing import Any

from .limits import RATES


@dataclass(frozen=True, slots=True)
class Faults:
    """Say what goes wrong: shares are per thousand requests, `latency` is in milliseconds.

    `limits` enforces Stripe's rates ("live" or "test"), `retry_after` adds that header, in seconds, to
    refusals; of every `burst_every` requests the last `burst` are refused.
    """

    latency: int = 0
    rate_limit: int = 0
    error: int = 0
    lock_timeout: int = 0
    limits: str = ""
    retry_after: int = 0
    burst: int = 0
    burst_every: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.limits not in ("", *RATES):
            raise ValueError(f"limits={self.limits}: choose from {', '.join(RATES)}")
        if (self.burst or self.burst_every) and not 0 < self.burst < self.burst_every:
            raise ValueError("give burst=N with burst_every=M: of every M requests, N (fewer) are refused")
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1_000:
                raise ValueError(f"{name}={getattr(self, name)}: it is a share of 1000, from 0 to 1000")


SHARES = ("rate_limit", "error", "lock_timeout")
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
