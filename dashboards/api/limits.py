"""How many requests a token may make: counted by the minute in Redis, for all processes together.

Without Redis each process counts by itself, so that neither the API nor the limit is gone with it.
"""

import logging
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from threading import Lock
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from accounts.redaction import describe

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
AWAY_SECONDS = 5.0
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a token's minute, and in how many seconds the next begins."""

    limit: int
    used: int
    resets_in: int

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Return the standing as the header fields RateLimit-Policy and RateLimit."""
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"token";r={left};t={self.resets_in}',
        }


def count(token_id: UUID) -> Standing:
    """Count one request of a token."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"api-requests:{token_id}:{window}"
    used = _in_redis(key)
    return Standing(
        settings.API_REQUESTS_A_MINUTE, _alone(key) if used is None else used, WINDOW_SECONDS - passed
    )


_redis_away_until = 0.0
_counted: Counter[str] = Counter()
_lock = Lock()


def _in_redis(key: str) -> int | None:
    """Return the count with this request; None while Redis is away, and for a few seconds after."""
    global _redis_away_until
    if time.monotonic() < _redis_away_until:
        return None
    try:
        steps = _redis(settings.REDIS_URL).pipeline()
        steps.incr(key)
        steps.expire(key, 2 * WINDOW_SECONDS)
        return int(steps.execute()[0])
    except (RedisError, OSError) as error:
        _redis_away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("Requests of tokens are counted by this process alone: %s", describe(error))
        return None


def _alone(key: str) -> int:
    with _lock:
        if len(_counted) >= MOST_COUNTED:
            _counted.clear()
        _counted[key] += 1
        return _counted[key]


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
