"""What a sandbox counts of the requests it gets."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any


class Statistics:
    """Count requests to /v1/ by endpoint and by what they got, and when they came."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._endpoints: Counter[str] = Counter()
            self._statuses: Counter[str] = Counter()
            self._reasons: Counter[str] = Counter()
            self._seconds: Counter[int] = Counter()
            self._first: float | None = None
            self._last = 0.0
            self._gap = 0.0

    def arrive(self, route: str) -> float:
        """Count a request that comes in, and return when."""
        now = self._clock()
        with self._lock:
            if self._first is None:
                self._first = self._last = now
            self._gap = max(self._gap, now - self._last)
            self._last = max(self._last, now)
            self._endpoints[route] += 1
        return now

    def answer(self, arrived: float, status: str, reason: str | None = None) -> None:
        """Count what a request got: a status, `cut` or `hung`, and why it was refused."""
        with self._lock:
            self._statuses[status] += 1
            if reason is not None:
                self._reasons[reason] += 1
            if status != "429" and self._first is not None:
                self._seconds[int(arrived - self._first)] += 1

    def shown(self) -> dict[str, Any]:
        """Return the counts; rates are of requests that were not refused with 429."""
        with self._lock:
            seconds = 0.0 if self._first is None else self._last - self._first
            admitted = sum(self._seconds.values())
            return {
                "requests": sum(self._endpoints.values()),
                "endpoints": dict(self._endpoints),
                "statuses": dict(self._statuses),
                "rate_limited": self._statuses["429"],
                "reasons": dict(self._reasons),
                "seconds": round(seconds, 3),
                "rate": round(admitted / seconds, 2) if seconds else None,
                "busiest_second": max(self._seconds.values(), default=0),
                "longest_gap": round(self._gap, 3),
            }
