"""Stripe's limits on requests: so many a second in all, and for each endpoint."""

import time
from collections.abc import Callable
from threading import Lock

RATES = {"live": (100, 25), "test": (25, 25)}


class Bucket:
    """Hold tokens for at most one second's requests; they come back at the permitted rate."""

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._level = float(rate)
        self._at = now

    def holds(self, now: float) -> bool:
        """Return whether there is a token left."""
        self._level = min(float(self._rate), self._level + (now - self._at) * self._rate)
        self._at = now
        return self._level >= 1

    def take(self) -> None:
        """Take a token out."""
        self._level -= 1


class Limiter:
    """Admit an account's requests as fast as its mode permits; a refused one costs nothing."""

    def __init__(self, mode: str, clock: Callable[[], float] = time.monotonic) -> None:
        in_all, self._each = RATES[mode]
        self._clock = clock
        self._all = Bucket(in_all, clock())
        self._endpoints: dict[str, Bucket] = {}
        self._lock = Lock()

    def refusal(self, route: str) -> str | None:
        """Return why a request to a route is refused, or count it and return None."""
        now = self._clock()
        with self._lock:
            endpoint = self._endpoints.setdefault(route, Bucket(self._each, now))
            if not self._all.holds(now):
                return "global-rate"
            if not endpoint.holds(now):
                return "endpoint-rate"
            self._all.take()
            endpoint.take()
        return None


def route(method: str, path: str) -> str:
    """Return an address below /v1/ as its endpoint's name, such as `GET customers/{id}`."""
    parts = path.strip("/").split("/")
    parts[1:2] = ["{id}"] * len(parts[1:2])
    return f"{method} {'/'.join(parts)}"
