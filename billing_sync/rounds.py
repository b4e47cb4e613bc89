"""The lists that a comparison reads again, and how far it has come in each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from billing_sync import backfill, runs
from billing_sync.columns import made_at
from billing_sync.models import Connection, ListRange, SyncCursor, SyncRun
from billing_sync.reading import Fetched
from billing_sync.resource import Resource
from billing_sync.resources import BY_NAME, EVENTS, INVOICES, RESOURCES, SUBSCRIPTIONS
from config.clock import now

RECENT = timedelta(days=35)
SET_ASIDE = "set_aside"
ENDED = ("canceled", "incomplete_expired")
State = SyncCursor.State
UNREAD = (State.WAITING, State.READING)
# Events first: what was changed by one that came late is then known as such.
ORDER = (EVENTS.name, SET_ASIDE, *BY_NAME)


@dataclass(frozen=True, slots=True)
class View:
    """A list as a comparison asks for it; `shows` are the mirrored objects that it must show."""

    asked: Resource
    shows: Q = field(default_factory=Q)


# Stripe's own default leaves the cancelled ones out, whatever other words there are or will be.
MOVING: Mapping[str, tuple[View, ...]] = {
    SUBSCRIPTIONS.name: (View(replace(SUBSCRIPTIONS, params={}), ~Q(status__in=ENDED)),),
    INVOICES.name: tuple(
        View(replace(INVOICES, params={"status": word}), Q(status=word)) for word in ("open", "draft")
    ),
}


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the page before ended: its oldest time, and which objects of that second have been shown."""

    at: datetime | None = None
    shown: frozenset[str] = frozenset()

    def below(self, fetched: Fetched) -> "Edge":
        """Return the edge after one more page."""
        made = {str(value.get("id")): made_at(value) for value in fetched.values}
        times = [at for at in made.values() if at is not None]
        if not times:
            return self
        oldest = min(times)
        shown = frozenset(identity for identity, at in made.items() if at == oldest)
        return Edge(oldest, shown | self.shown if self.at == oldest else shown)


def begin(connection: Connection, purpose: str) -> UUID:
    """Return the comparison in progress, with its lists; begin one if there is none."""
    kind = SyncRun.Kind(purpose)
    is_open = SyncRun.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        kind=kind,
        state=SyncRun.State.RUNNING,
    ).exists()
    run_id = runs.begin(connection, kind)
    if not is_open:
        ranges(connection, purpose).delete()
        ListRange.objects.bulk_create(_planned(connection, purpose), ignore_conflicts=True)
    return run_id


def ranges(connection: Connection, purpose: str) -> QuerySet[ListRange]:
    """Return the lists of a comparison."""
    return ListRange.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, purpose=purpose
    )


def this(one: ListRange) -> QuerySet[ListRange]:
    """Return one list, to lock or to change it."""
    return ListRange.objects.filter(pk=one.pk)


def next_unread(connection: Connection, purpose: str) -> ListRange | None:
    """Return the list to read next, None when all have been read."""
    unread = ranges(connection, purpose).filter(state__in=UNREAD)
    return min(unread, key=lambda one: (ORDER.index(one.resource), one.number), default=None)


def view_of(one: ListRange) -> View:
    """Return how a list is asked for."""
    return MOVING[one.resource][one.number - 1] if one.number else View(BY_NAME[one.resource])


def bounds(one: ListRange) -> dict[str, Any]:
    """Return the parameters that keep a list to its times."""
    created = {"gte": one.since_at, "lt": one.until_at}
    given = {name: int(at.timestamp()) for name, at in created.items() if at is not None}
    return {"created": given} if given else {}


def edge_of(connection: Connection, one: ListRange) -> Edge:
    """Return the edge of a list that goes on where another process left it."""
    if not one.starting_after or one.resource not in BY_NAME:
        return Edge()
    last = BY_NAME[one.resource].model._default_manager.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        stripe_id=one.starting_after,
    )
    return Edge(last.values_list("created_at", flat=True).first(), frozenset({one.starting_after}))


def _planned(connection: Connection, purpose: str) -> list[ListRange]:
    cursors = SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id
    )
    unavailable = set(cursors.filter(state=State.UNAVAILABLE).values_list("resource", flat=True))
    since_at = now() - RECENT if purpose == ListRange.Purpose.NIGHTLY else None

    def planned(resource: str, number: int = 0, **times: datetime | None) -> ListRange:
        return ListRange(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            purpose=purpose,
            resource=resource,
            number=number,
            **times,
        )

    rows = [planned(SET_ASIDE)]
    rows += [planned(one.name, since_at=since_at) for one in RESOURCES if one is not EVENTS]
    if purpose == ListRange.Purpose.NIGHTLY:
        rows += [planned(name, n + 1) for name, views in MOVING.items() for n in range(len(views))]
    # The poll reads the events from there on by itself.
    reached = cursors.filter(resource=backfill.POLL).values_list("since_at", flat=True).first()
    if reached is not None:
        rows.append(planned(EVENTS.name, until_at=reached))
    return [row for row in rows if row.resource not in unavailable]
