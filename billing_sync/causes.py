"""Why the mirror did not know what a comparison found: from the event log, and from what is not in it yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet

from accounts.tenancy import tenant
from billing_sync import backfill
from billing_sync.columns import at
from billing_sync.comparing import Difference, Standing, Target
from billing_sync.models import Connection, Event, Repair, SyncCursor
from billing_sync.payload import JsonObject, read_payload
from billing_sync.reading import read_page
from billing_sync.resources import (
    BALANCE_TRANSACTIONS,
    EVENTS,
    INVOICE_ITEMS,
    INVOICE_PAYMENTS,
    PAYMENT_METHODS,
    tells_deletion,
)
from billing_sync.stripe_client import Stripe

Cause = Repair.Cause
# An event may be listed a little later than the change that it tells.
LAG = timedelta(minutes=10)
NAMES = ("id", "customer", "invoice", "subscription", "charge", "payment_intent", "balance_transaction")
# What Stripe changes without an event of its own: the event of an object that it names stands for it.
TOLD_BY_OTHERS = {
    BALANCE_TRANSACTIONS: ("source",),
    INVOICE_ITEMS: ("customer", "invoice"),
    INVOICE_PAYMENTS: ("invoice",),
    PAYMENT_METHODS: ("customer",),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """An object that was not as the mirror had it, before and after it was mended."""

    target: Target
    difference: Repair.Difference
    before: Standing | None
    after: Standing


@dataclass(frozen=True, slots=True)
class Known:
    """What a comparison knows of events while it judges: `news` are ids that fresh events name."""

    run_id: UUID
    followed: bool
    news: frozenset[str]


def knowledge(connection: Connection, run_id: UUID, stripe: Stripe) -> Known:
    """Return which objects changed a moment ago, by the events that are not applied yet."""
    poll = _poll(connection)
    if poll is None:
        return Known(run_id, False, frozenset())
    listed = list(_listed(stripe, poll))
    with tenant(connection.organization_id):
        waiting = _log(connection, applied_at=None).values_list("object_id", "customer_id")
        names = {name for pair in waiting for name in pair}
        ids = [str(event.get("id")) for event in listed]
        known = _log(connection, stripe_id__in=ids, applied_at__isnull=False)
        applied = set(known.values_list("stripe_id", flat=True))
    fresh = (event for event in listed if event.get("id") not in applied)
    names.update(name for event in fresh for name in _names(event))
    return Known(run_id, True, frozenset(names - {""}))


def cause_of(connection: Connection, finding: Finding, known: Known, *, was_aside: bool) -> Cause | None:
    """Return why the mirror did not know; None where it could not know yet."""
    if was_aside:
        return Cause.WAS_SET_ASIDE
    if not known.followed:
        return Cause.NOT_FOLLOWED
    if _told_late(connection, finding.target[1], known.run_id):
        return Cause.EVENT_LATE
    if _is_news(finding, known):
        return None
    if _was_told(connection, finding):
        return Cause.UNEXPLAINED
    gone = finding.difference == Difference.VANISHED
    return Cause.DELETED_UNANNOUNCED if gone else Cause.NO_EVENT


def forgive(connection: Connection, run_id: UUID) -> None:
    """Drop the repairs of changes whose events were only listed after they had been found."""
    told = _log(
        connection,
        object_id=OuterRef("stripe_id"),
        fetched_at__gte=OuterRef("found_at"),
        created_at__gte=OuterRef("found_at") - LAG,
    )
    Repair.objects.filter(
        organization_id=connection.organization_id,
        run_id=run_id,
        cause__in=[Cause.NO_EVENT, Cause.DELETED_UNANNOUNCED],
    ).alias(told=told.values("stripe_id")[:1]).filter(told__isnull=False).delete()


def _poll(connection: Connection) -> SyncCursor | None:
    """Return how far events are followed, None where the key may not read them."""
    with tenant(connection.organization_id):
        found = SyncCursor.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            resource__in=[backfill.POLL, EVENTS.name],
        )
        cursors = {one.resource: one for one in found}
    reading = cursors.get(EVENTS.name)
    if reading is None or reading.state == SyncCursor.State.UNAVAILABLE:
        return None
    return cursors.get(backfill.POLL)


def _listed(stripe: Stripe, poll: SyncCursor) -> Iterator[JsonObject]:
    since = {"created": {"gte": int(poll.since_at.timestamp())}} if poll.since_at else {}
    after, more = "", True
    while more:
        page = read_page(stripe, EVENTS, after, **since)
        yield from page.values
        after, more = page.last_id, page.has_more


def _names(event: JsonObject) -> Iterator[str]:
    told = at(event, "data.object")
    for name in NAMES:
        found = at(told, name)
        identity = found.get("id") if isinstance(found, dict) else found
        if isinstance(identity, str):
            yield identity


def _is_news(finding: Finding, known: Known) -> bool:
    resource, identity = finding.target
    if identity in known.news:
        return True
    value = finding.after.value() if resource in TOLD_BY_OTHERS else {}
    return any(at(value, name) in known.news for name in TOLD_BY_OTHERS.get(resource, ()))


def _told_late(connection: Connection, identity: str, run_id: UUID) -> bool:
    late = Repair.objects.filter(
        organization_id=connection.organization_id, run_id=run_id, resource=EVENTS.name
    )
    return _log(connection, object_id=identity, stripe_id__in=late.values("stripe_id")).exists()


def _was_told(connection: Connection, finding: Finding) -> bool:
    """Say whether an event that was applied had told what the mirror did not hold."""
    told = _log(connection, object_id=finding.target[1], applied_at__isnull=False)
    last = told.order_by("-created_at", "-stripe_id").first()
    if last is None:
        return False
    deleted = tells_deletion(last.type)
    if finding.before is None or finding.difference == Difference.VANISHED:
        return deleted == (finding.difference == Difference.VANISHED)
    shown, before, after = at(read_payload(last.payload), "data.object"), finding.before, finding.after
    was, is_now = before.value(), after.value()
    different = [name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)]
    return bool(different) and all(at(shown, name) == is_now.get(name) for name in different)


def _log(connection: Connection, **which: Any) -> QuerySet[Event]:
    return Event.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, **which
    )
