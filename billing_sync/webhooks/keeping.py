"""Keep verified webhooks: those that come together share a transaction, and are answered after its commit."""

import logging
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from accounts import jobs
from accounts.redaction import describe
from accounts.tenancy import tenant_trip
from billing_sync.mirror.arrays import packed
from config.clock import now

logger = logging.getLogger(__name__)

JOB = "process_webhooks"
AT_ONCE = 200
ASK_SECONDS = 0.5
PATIENCE_SECONDS = 20.0
# However often it is posted, the first stays.
KEEP = """
INSERT INTO billing_sync_webhookdelivery
    (organization_id, connection_id, id, event_id, received_at, body, fetched, error)
SELECT %s, %s, given.*, false, ''
FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[], %b::bytea[]) AS given ON CONFLICT DO NOTHING
"""
KINDS = ("uuid", "text", "timestamptz", "bytea")
HEARD = """
UPDATE billing_sync_webhookendpoint SET received_at = %s WHERE organization_id = %s AND connection_id = %s
"""
Owner = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Posted:
    """A verified body, and whom its keeping is to be told."""

    owner: Owner
    event_id: str
    body: bytes
    received_at: datetime
    kept: "Future[None]" = field(default_factory=Future)

    def row(self) -> tuple[UUID, str, datetime, bytes]:
        """Return the columns of its own."""
        return uuid4(), self.event_id, self.received_at, self.body


class Keeper:
    """One thread that writes what others took, and asks for its processing at most twice a second."""

    def __init__(self) -> None:
        self._posted: SimpleQueue[Posted] = SimpleQueue()
        self._asked_at: dict[Owner, float] = {}
        self._unasked: set[Owner] = set()
        self._starting = Lock()
        self._thread: Thread | None = None

    def keep(self, posted: Posted) -> None:
        """Return once a body is in the database for good; raise what went wrong."""
        self._posted.put(posted)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
        posted.kept.result(PATIENCE_SECONDS)

    def _run(self) -> None:
        while True:
            group = self._group()
            for owner in dict.fromkeys(posted.owner for posted in group):
                self._keep([posted for posted in group if posted.owner == owner], owner)
            for owner in [owner for owner in self._unasked if self._may_ask(owner)]:
                self._keep([], owner)
            if not group and not self._unasked:
                database.close()

    def _group(self) -> list[Posted]:
        """Wait for bodies, not for long while there is something else to do; return all that are there."""
        busy = self._unasked or database.connection is not None
        try:
            group = [self._posted.get(timeout=ASK_SECONDS if busy else None)]
        except Empty:
            return []
        with suppress(Empty):
            while len(group) < AT_ONCE:
                group.append(self._posted.get_nowait())
        return group

    def _may_ask(self, owner: Owner) -> bool:
        return time.monotonic() - self._asked_at.get(owner, -ASK_SECONDS) >= ASK_SECONDS

    def _keep(self, group: list[Posted], owner: Owner) -> None:
        ask = self._may_ask(owner)
        try:
            try:
                write(group, owner, ask=ask)
            except (OperationalError, InterfaceError):
                # The connection may have died while nothing came.
                database.close()
                write(group, owner, ask=ask)
        except Exception as error:
            logger.warning("Webhooks could not be kept: %s", describe(error))
            database.close()
            self._unasked.discard(owner)
            for posted in group:
                posted.kept.set_exception(error)
            return
        for posted in group:
            posted.kept.set_result(None)
        self._unasked.add(owner)
        if ask:
            self._unasked.discard(owner)
            self._asked_at[owner] = time.monotonic()
            jobs.wake(jobs.job_id(owner[0], JOB, str(owner[1])))


def write(group: list[Posted], owner: Owner, *, ask: bool) -> None:
    """Write the bodies of one connection and, last, ask for their processing, in one transaction."""
    organization_id, connection_id = owner
    with tenant_trip(organization_id) as road:
        if group:
            columns = zip(*(posted.row() for posted in group), strict=True)
            arrays = [packed(kind, values) for kind, values in zip(KINDS, columns, strict=True)]
            road.send(KEEP, [organization_id, connection_id, *arrays])
        if ask:
            road.send(HEARD, [now(), organization_id, connection_id])
            # Whoever posted is answered before a worker is woken.
            jobs.enqueue_by(road, organization_id, JOB, str(connection_id), at=now())
