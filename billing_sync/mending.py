"""Mend objects that are not as the mirror has them, and record what was wrong with each."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import F

from accounts import jobs
from accounts.tenancy import tenant_road
from billing_sync import causes, fetching, mirror
from billing_sync.causes import Finding, Known
from billing_sync.comparing import Difference, Target, difference, standings
from billing_sync.models import Connection, Event, Repair, SetAside, SyncRun
from billing_sync.reading import Fetched
from billing_sync.resources import EVENTS
from config.clock import now

Cause = Repair.Cause


def mend(
    connection: Connection, known: Known, suspects: Sequence[Target], beside: Sequence[Target] = ()
) -> None:
    """Fetch each suspect under its lock, store it, and record what differed in the same transaction.

    `beside` are objects that are stored with suspects, as the cards that came with them.
    """
    for start in range(0, len(suspects), fetching.AT_ONCE):
        some = suspects[start : start + fetching.AT_ONCE]
        with tenant_road(connection.organization_id) as road:
            mirror.lock(connection, some, road)
            aside = _set_aside(connection, some)
            before = standings(connection, [*some, *beside])
            fetching.fetch(connection, some)
            after = standings(connection, [*some, *beside])
            found = [
                Finding(target, wrong, before.get(target), now_there)
                for target, now_there in after.items()
                if (wrong := difference(before.get(target), now_there))
            ]
            _record(
                connection,
                known.run_id,
                (
                    (one.target, one.difference, cause)
                    for one in found
                    if (cause := causes.cause_of(connection, one, known, was_aside=one.target in aside))
                ),
            )


def take_late_events(connection: Connection, run_id: UUID, fetched: Fetched) -> None:
    """Log the events of a page that the poll should have met, inside the tenant's transaction."""
    ids = [str(value.get("id")) for value in fetched.values]
    here = Event.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, stripe_id__in=ids
    )
    known = set(here.values_list("stripe_id", flat=True))
    late = [one for one in fetched.sightings() if one.value.get("id") not in known]
    logged = mirror.store_events(connection, late, fetched.unusable)
    if not logged:
        return
    _record(connection, run_id, (((EVENTS, one), Difference.MISSING, Cause.EVENT_LATE) for one in logged))
    jobs.enqueue(connection.organization_id, "poll_events", str(connection.id))


def _set_aside(connection: Connection, targets: Iterable[Target]) -> set[Target]:
    by_name = {(resource.name, identity): (resource, identity) for resource, identity in targets}
    rows = SetAside.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        stripe_id__in=[identity for _, identity in by_name],
    )
    aside = rows.values_list("resource", "stripe_id")
    return {by_name[one] for one in aside if one in by_name}


def _record(
    connection: Connection, run_id: UUID, found: Iterable[tuple[Target, Repair.Difference, Repair.Cause]]
) -> None:
    repairs = [
        Repair(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            run_id=run_id,
            resource=resource.name,
            stripe_id=identity,
            difference=wrong,
            cause=cause,
            found_at=now(),
        )
        for (resource, identity), wrong, cause in found
    ]
    Repair.objects.bulk_create(repairs)
    unexplained = sum(one.cause == Cause.UNEXPLAINED for one in repairs)
    SyncRun.objects.filter(organization_id=connection.organization_id, id=run_id).update(
        repaired=F("repaired") + len(repairs), unexplained=F("unexplained") + unexplained
    )
