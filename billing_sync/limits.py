"""Stripe's limits on requests, filled and not broken: one bucket of tokens for each account, for all workers.

The buckets are in Redis, by Redis's clock. Without Redis each process keeps to a bucket of its own, at half
the rate, since it cannot know of the others. A refusal halves the rate, which then grows back.
"""

import hashlib
import logging
import os
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock

from django.conf import settings
from redis.connection import Connection, ConnectionInterface, ConnectionPool
from redis.exceptions import ConnectionError, NoScriptError, RedisError

from accounts.redaction import describe
from billing_sync.token_bucket import SCRIPT, Account, Grant

logger = logging.getLogger(__name__)

IN_ALL = "all"
# Redis knows a script by this.
SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
AWAY_SECONDS = 5.0
FORGOTTEN_SECONDS = 600
PATIENCE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests a second that are permitted: in all, and to each endpoint."""

    in_all: float
    each: float


LIVE, TEST = Rates(100, 25), Rates(25, 25)


class TooManyError(Exception):
    """The turn of a request would come later than its caller waits; `seconds` says how much later."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The next request may be sent in {seconds:.1f} s.")
        self.seconds = seconds


def permitted(*, livemode: bool) -> Rates:
    """Return the limits of a mode, or those that the operator has set."""
    if settings.STRIPE_REQUESTS_PER_SECOND:
        chosen = float(settings.STRIPE_REQUESTS_PER_SECOND)
        return Rates(chosen, chosen)
    return LIVE if livemode else TEST


def endpoint(method: str, path: str) -> str:
    """Return an address with its ids blanked: what Stripe counts as one endpoint."""
    parts = path.strip("/").removeprefix("v1/").split("/")
    parts[1:2] = ["{id}"] * len(parts[1:2])
    return f"{method.upper()} {'/'.join(parts)}"


class Limiter:
    """Let the requests to one account pass as fast as its limits permit."""

    def __init__(self, account: str, rates: Rates) -> None:
        self._key = f"stripe-limits:{hashlib.sha256(account.encode()).hexdigest()[:32]}"
        self._rates = rates
        self._alone = Account()
        self._lock = Lock()

    def wait(self, endpoint: str, longest: float) -> float:
        """Return the seconds waited once a request may be sent; raise TooManyError beyond `longest`."""
        waited = 0.0
        while True:
            grant = self._take(endpoint)
            if waited + grant.wait > longest:
                raise TooManyError(grant.wait)
            pause = grant.wait if grant.taken else grant.wait * random.uniform(0.7, 1.0)  # noqa: S311
            if pause:
                time.sleep(pause)
                waited += pause
            if grant.taken:
                return waited

    def refused(self, endpoint: str | None, rest: float) -> None:
        """Halve the rate, of one endpoint or (None) of all, and let nothing pass there for `rest` seconds."""
        name = endpoint or IN_ALL
        if _ask_redis(self._key, ["slow", name, rest, FORGOTTEN_SECONDS]) is None:
            with self._lock:
                self._alone.slow(name, rest, time.monotonic())

    def _take(self, endpoint: str) -> Grant:
        in_all, each = self._rates.in_all, self._rates.each
        wanted: list[str | float] = [
            "take",
            IN_ALL,
            in_all,
            endpoint,
            each,
            PATIENCE_SECONDS,
            FORGOTTEN_SECONDS,
        ]
        answer = _ask_redis(self._key, wanted)
        if answer is not None:
            taken, wait = answer.split()
            return Grant(taken == b"1", max(0.0, float(wait)))
        with self._lock:
            halves = [(IN_ALL, in_all / 2), (endpoint, each / 2)]
            return self._alone.take(halves, PATIENCE_SECONDS, time.monotonic())


_redis_away_until = 0.0


def _ask_redis(key: str, arguments: Sequence[str | float]) -> bytes | None:
    """Return the script's answer; None while Redis is away, and for a few seconds after."""
    global _redis_away_until
    if time.monotonic() < _redis_away_until:
        return None
    try:
        answer = _lines(settings.REDIS_URL).run(key, arguments)
    except (RedisError, OSError) as error:
        _redis_away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("Requests are limited by this process alone: %s", describe(error))
        return None
    return answer


class _Lines:
    """Connections to Redis that run the script alone: a client's own way there costs three times as much."""

    def __init__(self, url: str) -> None:
        self._made_by = ConnectionPool.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._free: deque[ConnectionInterface] = deque()
        # A child must not speak on its parent's.
        os.register_at_fork(after_in_child=self._free.clear)

    def run(self, key: str, arguments: Sequence[str | float]) -> bytes:
        """Return the script's answer; asked once more where a connection has died of waiting."""
        try:
            return self._run(key, arguments)
        except ConnectionError:
            self._free.clear()
            return self._run(key, arguments)

    def _run(self, key: str, arguments: Sequence[str | float]) -> bytes:
        try:
            line = self._free.pop()
        except IndexError:
            line = self._made_by.make_connection()
        try:
            try:
                answer = _told(line, "EVALSHA", SHA, key, arguments)
            except NoScriptError:
                answer = _told(line, "EVAL", SCRIPT, key, arguments)
        except BaseException:
            line.disconnect()  # type: ignore[no-untyped-call]
            raise
        self._free.append(line)
        return answer


def _told(
    line: ConnectionInterface, command: str, script: str, key: str, arguments: Sequence[str | float]
) -> bytes:
    line.send_packed_command([_packed(command, script, 1, key, *arguments)])  # type: ignore[no-untyped-call]
    answer: bytes = line.read_response()
    return answer


@lru_cache(maxsize=1_000)
def _packed(*words: str | float) -> bytes:
    """Return a command as Redis reads it: nearly always one that was sent before."""
    return b"".join(Connection().pack_command(*words))  # type: ignore[no-untyped-call]


_lines = cache(_Lines)
