"""The cache of all processes, in Redis: what counts the tries at a door must not count in one process alone.

Without Redis each process counts by itself, so that neither the doors nor their guards are gone with it.
"""

import json
import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from accounts.redaction import describe

logger = logging.getLogger(__name__)
AWAY_SECONDS = 5.0


class JsonSerializer:
    """Values as JSON: what is read from a server must not be able to run."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SharedCache(RedisCache):
    """Redis, and while it is away the memory of this process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        client = {"serializer": JsonSerializer(), "socket_timeout": 1, "socket_connect_timeout": 1}
        super().__init__(server, {**params, "OPTIONS": client})
        self._alone = LocMemCache("shared", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})
        self._away_until = 0.0

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask("set", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("delete", *args, **kwargs))

    def clear(self) -> None:
        self._alone.clear()
        self._ask("clear")

    def _ask(self, what: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(super(), what)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("Tries are counted by this process alone: %s", describe(error))
        return getattr(self._alone, what)(*args, **kwargs)
