"""The faults of a sandbox as they strike its requests."""

import random
import time
from threading import Lock

from .errors import ApiError, too_many, waiting
from .faults import Faults
from .limits import Limiter


class Mischief:
    """Commit faults; the nth request of a seed always meets the same one."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._dice = random.Random(faults.seed)  # noqa: S311 - repeatable on purpose
        self._others = random.Random(faults.seed + 1)  # noqa: S311 - repeatable on purpose
        self._limiter = Limiter(faults.limits) if faults.limits else None
        self._requests = 0
        self._lock = Lock()

    def strike(self, route: str) -> str:
        """Delay a request, refuse it if its turn has come or there were too many, or say how it suffers."""
        faults = self.faults
        reason = self._limiter.refusal(route) if self._limiter else None
        if reason is not None:
            raise too_many(reason, faults.retry_after)
        if faults.latency:
            time.sleep(faults.latency / 1_000)
        number, mark = self._draw()
        if faults.burst and (number - 1) % faults.burst_every >= faults.burst_every - faults.burst:
            raise too_many("global-rate", faults.retry_after)
        self._refuse(mark)
        return self._suffering(mark)

    def chance(self, share: int) -> bool:
        """Return whether something of which so many of a thousand befall happens now."""
        if not share:
            return False
        with self._lock:
            return self._others.randrange(1_000) < share

    def _suffering(self, mark: int) -> str:
        """Return `cut` for an answer to end half-way, or hold it back and return `hung`."""
        faults = self.faults
        mark -= faults.rate_limit + faults.error + faults.lock_timeout
        if 0 <= mark < faults.cut:
            return "cut"
        if 0 <= mark - faults.cut < faults.hang:
            time.sleep(faults.hang_ms / 1_000)
            return "hung"
        return ""

    def _draw(self) -> tuple[int, int]:
        with self._lock:
            self._requests += 1
            return self._requests, self._dice.randrange(1_000)

    def _refuse(self, mark: int) -> None:
        faults = self.faults
        if mark < (edge := faults.rate_limit):
            raise too_many("endpoint-rate", faults.retry_after)
        if mark < (edge := edge + faults.error):
            raise ApiError(500, "An unexpected error occurred. Please try again.", kind="api_error")
        if mark < edge + faults.lock_timeout:
            raise ApiError(
                429,
                "Another request holds this object at the moment. Send fewer requests for one object at a "
                "time, and try again.",
                code="lock_timeout",
                headers=waiting(faults.retry_after),
            )
