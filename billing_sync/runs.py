"""Keep the history of the sync: what ran, what it asked of Stripe, what went wrong.

A run may be worked on by many jobs and survive many processes: whoever begins it finds the one that is open.
"""

from datetime import timedelta
from typing import Protocol, cast
from uuid import UUID, uuid4

from django.db.models import F, QuerySet

from accounts.pipeline import Answer, Road, together
from billing_sync.models import Connection, SyncRun
from billing_sync.stripe_errors import StripeError
from config.clock import now

LONGEST_ERROR = 1000
KEPT_FOR = timedelta(days=30)
# One open run of a kind is a unique key.
ADD = """
INSERT INTO billing_sync_syncrun AS open (organization_id, id, connection_id, kind, state, started_at,
    requests, waited_ms, objects_read, repaired, unexplained, error, request_id)
VALUES (%(organization)s, %(fresh)s, %(connection)s, %(kind)s, 'running', %(now)s,
    %(requests)s, %(waited_ms)s, %(objects)s, 0, 0, '', '')
ON CONFLICT (organization_id, connection_id, kind) WHERE state = 'running'
DO UPDATE SET requests = open.requests + EXCLUDED.requests,
    waited_ms = open.waited_ms + EXCLUDED.waited_ms,
    objects_read = open.objects_read + EXCLUDED.objects_read
RETURNING id
"""
State = SyncRun.State


class Meter(Protocol):
    """What a stretch of work asked of Stripe."""

    @property
    def requests(self) -> int: ...
    @property
    def waited_ms(self) -> int: ...


def begin(connection: Connection, kind: SyncRun.Kind) -> UUID:
    """Return the open run of this kind, made now if there is none."""
    open_runs = _of(connection).filter(kind=kind, state=State.RUNNING).values_list("id", flat=True)
    while (found := open_runs.first()) is None:
        # One open run of a kind is a unique key: of two that begin at once, one finds the other's.
        fresh = SyncRun(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            kind=kind,
            started_at=now(),
        )
        SyncRun.objects.bulk_create([fresh], ignore_conflicts=True)
    return found


def reading(*, first: bool) -> SyncRun.Kind:
    """Return what the reading of an account's lists is called: its first import, or a later reading."""
    return SyncRun.Kind.IMPORT if first else SyncRun.Kind.REREADING


def progress(connection: Connection, run_id: UUID, meter: Meter, objects: int) -> None:
    """Add what one stretch of work cost and read; give each meter once."""
    _of(connection).filter(id=run_id).update(
        requests=F("requests") + meter.requests,
        waited_ms=F("waited_ms") + meter.waited_ms,
        objects_read=F("objects_read") + objects,
    )


def add(connection: Connection, kind: SyncRun.Kind, meter: Meter, objects: int) -> UUID:
    """Add what one stretch of work cost and read to the open run of this kind, made now if there is none."""
    with together() as road:
        added = add_by(road, connection, kind, meter, objects)
    ((run_id,),) = added.fetchall()
    return cast(UUID, run_id)


def add_by(road: Road, connection: Connection, kind: SyncRun.Kind, meter: Meter, objects: int) -> Answer:
    """Do as `add`, by a road."""
    bound = {
        "organization": connection.organization_id,
        "connection": connection.id,
        "fresh": uuid4(),
        "kind": str(kind.value),
        "now": now(),
        "requests": meter.requests,
        "waited_ms": meter.waited_ms,
        "objects": objects,
    }
    return road.send(ADD, bound)


def trouble(connection: Connection, run_id: UUID, error: Exception | str) -> None:
    """Note an error that the run goes on after, with Stripe's request id."""
    _of(connection).filter(id=run_id, state=State.RUNNING).update(**_words(error))


def end(connection: Connection, run_id: UUID, error: Exception | str | None = None) -> None:
    """End an open run, failed where there is an error; one that has ended stays as it is."""
    state, words = (State.DONE, {}) if error is None else (State.FAILED, _words(error))
    _of(connection).filter(id=run_id, state=State.RUNNING).update(state=state, ended_at=now(), **words)


def end_all(connection: Connection, error: Exception | str) -> None:
    """End every open run of a connection that can be read no longer."""
    _of(connection).filter(state=State.RUNNING).update(state=State.FAILED, ended_at=now(), **_words(error))


def forget_uneventful(connection: Connection) -> None:
    """Drop old readings of events that ended well; comparisons, imports and failures are kept for ever."""
    _of(connection).filter(
        kind=SyncRun.Kind.EVENTS, state=State.DONE, error="", started_at__lt=now() - KEPT_FOR
    ).delete()


def _words(error: Exception | str) -> dict[str, str]:
    request_id = error.request_id if isinstance(error, StripeError) else ""
    return {"error": str(error)[:LONGEST_ERROR], "request_id": request_id[:255]}


def _of(connection: Connection) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)
