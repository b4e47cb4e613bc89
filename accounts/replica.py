"""Reads of pages by a replica, where DATABASE_REPLICA_URL names one; the primary answers all that it cannot.

Who may see a page is asked of the primary. A replica lags: whoever has just changed something reads the
primary for some seconds, and so does everyone while the replica is away or far behind.
"""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger(__name__)

ALIAS = "replica"
FRESH_SECONDS = 15
READS = ("GET", "HEAD")
# A replica is asked how far it is this often, and left alone for longer where it does not answer.
ASK_SECONDS, AWAY_SECONDS = 1.0, 30.0
# Less than whoever wrote reads the primary, so that nobody sees undone what she did.
MOST_SECONDS = 10.0
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'"
REPLAYED = "SELECT pg_last_wal_replay_lsn() - '0/0'"


@dataclass(slots=True)
class Standing:
    """Whether the replica was fit to read when it was last looked at, and when to look again.

    It holds all that was written `held_at`; of a later position and its time it is still to be seen.
    """

    fit: bool = False
    until: float = 0.0
    held_at: float = -math.inf
    awaited: tuple[int, float] = (0, -math.inf)


standing = Standing()


def serves(request: HttpRequest) -> bool:
    """Say whether the replica may answer: a read, of someone who has not just written, while it keeps up."""
    if ALIAS not in connections.settings or request.method not in READS:
        return False
    if settings.WROTE_COOKIE_NAME in request.COOKIES:
        return False
    if time.monotonic() >= standing.until:
        _look()
    return standing.fit


@contextmanager
def reading() -> Iterator[None]:
    """Send the block's statements to the replica, in a transaction of its own."""
    primary = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[ALIAS]
    try:
        with transaction.atomic():
            yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Have whoever wrote read the primary until the replica has surely followed."""
    if ALIAS in connections.settings and request.method not in READS:
        name, secure = settings.WROTE_COOKIE_NAME, settings.HTTPS
        response.set_cookie(name, "1", FRESH_SECONDS, httponly=True, samesite="Lax", secure=secure)


def leave(error: Exception) -> None:
    """Read the primary for a while, since the replica failed."""
    logger.warning("The replica did not answer, the primary does: %s", error)
    standing.fit, standing.until = False, time.monotonic() + AWAY_SECONDS


def _look() -> None:
    at = time.monotonic()
    try:
        written, replayed = _position(DEFAULT_DB_ALIAS, WRITTEN), _position(ALIAS, REPLAYED)
    except Error as error:
        leave(error)
        return
    position, since = standing.awaited
    if replayed >= position:
        standing.held_at, standing.awaited = since, (written, at)
    if replayed >= written:
        standing.held_at = at
    now = time.monotonic()
    standing.fit, standing.until = now - standing.held_at <= MOST_SECONDS, now + ASK_SECONDS


def _position(alias: str, statement: str) -> int:
    """Return how many bytes of the log were written, or replayed; what is no replica has replayed none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        ((position,),) = cursor.fetchall()
    return int(position or 0)
