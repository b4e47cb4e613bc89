"""The servers in `DATABASES`: `default` is the app role, `owner` runs migrations, `replica` may answer reads.

Where no URL is given, the commands attach to the embedded servers and put their URLs into the environment
before the settings are read.
"""

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import env

UNSET = {"ENGINE": "django.db.backends.dummy"}
NAMES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "replica": "DATABASE_REPLICA_URL"}
POOL_SIZE, POOL_SECONDS = 8, 20
# A replica that hangs keeps a page hardly longer than this: the primary answers instead.
REPLICA_SECONDS = 2
# As libpq names them: a machine that is gone is found out while it is asked, and while its answer is awaited.
GONE = {
    "connect_timeout": REPLICA_SECONDS,
    "tcp_user_timeout": 1000 * REPLICA_SECONDS,
    "keepalives_idle": REPLICA_SECONDS,
    "keepalives_interval": 1,
    "keepalives_count": REPLICA_SECONDS,
}


def databases() -> dict[str, dict[str, Any]]:
    """Return every server; the replica only where one is named."""
    found = {alias: _database(NAMES[alias]) for alias in ("default", "owner")}
    found["default"] |= {"ATOMIC_REQUESTS": True}
    found["default"]["OPTIONS"] |= {"pool": _pool(POOL_SECONDS)}
    if env.text(NAMES["replica"]):
        found["replica"] = _database(NAMES["replica"])
        found["replica"]["OPTIONS"] |= {"pool": _pool(REPLICA_SECONDS), **GONE}
    return found


def _database(name: str) -> dict[str, Any]:
    url = env.text(name)
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"{name} must look like postgresql://role:password@host:5432/database.")
    parsed: dict[str, Any] = dict(dj_database_url.parse(url) if url else UNSET)
    return {**parsed, "ATOMIC_REQUESTS": False, "OPTIONS": {**parsed.get("OPTIONS", {}), "pool": False}}


def _pool(seconds: int) -> dict[str, int]:
    return {"min_size": 1, "max_size": env.integer("DATABASE_POOL_SIZE", POOL_SIZE), "timeout": seconds}
