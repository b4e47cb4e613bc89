"""Faults that a sandbox commits on purpose, in a seeded order."""

import random
import time
from dataclasses import dataclass, fields
from threading import Lock

from .errors import ApiError


@dataclass(frozen=True, slots=True)
class Faults:
    """Set a delay in milliseconds and how many of a thousand requests are refused."""

    latency: int = 0
    rate_limit: int = 0
    error: int = 0
    seed: int = 0


def parse(text: str) -> Faults:
    """Read faults written as `latency=100,rate_limit=20,error=5,seed=1`."""
    known = {field.name for field in fields(Faults)}
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name.strip() not in known or not value.strip().isdecimal():
            raise ValueError(
                f"'{part}' is no fault; write NAME=NUMBER with a name of {', '.join(sorted(known))}"
            )
        found[name.strip()] = int(value)
    return Faults(**found)


class Mischief:
    """Commit faults; the nth request of a seed always meets the same one."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(faults.seed)  # noqa: S311 - repeatable on purpose
        self._lock = Lock()

    def strike(self) -> None:
        """Delay a request, and refuse it if its turn has come."""
        faults = self._faults
        if faults.latency:
            time.sleep(faults.latency / 1_000)
        if not (faults.rate_limit or faults.error):
            return
        with self._lock:
            mark = self._dice.randrange(1_000)
        if mark < faults.rate_limit:
            raise ApiError(
                429,
                "Request rate limit exceeded. Learn more about rate limits here "
                "https://docs.stripe.com/rate-limits.",
                code="rate_limit",
                headers=(("Stripe-Rate-Limited-Reason", "endpoint-rate"),),
            )
        if mark < faults.rate_limit + faults.error:
            raise ApiError(500, "An unexpected error occurred. Please try again.", kind="api_error")
