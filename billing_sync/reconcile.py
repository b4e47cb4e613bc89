"""Compare an account with its mirror by night, and mend what differs.

Lists are read again, newest first, page by page; what a page shows otherwise than the mirror has it, and what
the mirror has and the page should show but does not, is fetched by its id and stored. Each list's place moves
in a transaction of its own, so that a comparison killed at any point goes on where it was.
"""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import causes, comparing, following, mending, mirror, nights, rounds, runs
from billing_sync.access import stripe_of
from billing_sync.comparing import Target
from billing_sync.hints import readable
from billing_sync.models import Connection, ListRange, Repair, SetAside, SyncRun
from billing_sync.reading import Fetched, read_page
from billing_sync.resources import BY_NAME, EVENTS
from billing_sync.rounds import SET_ASIDE, UNREAD, Edge, State
from billing_sync.stripe_client import PAGE, Fetchers, Meter, Stripe, metered
from billing_sync.stripe_errors import (
    CursorLostError,
    NotFoundError,
    PermissionMissingError,
    StripeError,
)
from billing_sync.trouble import how_to_add, key_trouble, wait_for
from config.clock import now

STEP_SECONDS = 5.0
ONE_SECOND = timedelta(seconds=1)
SET_ASIDE_AT_ONCE = 50
# The name of an object whose text could not be read: nothing can be fetched by it.
UNREADABLE = "sha256:"


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One list of one comparison, and what it takes to go on with it."""

    connection: Connection
    run_id: UUID
    stripe: Stripe
    one: ListRange


def step(organization_id: UUID, key: str) -> jobs.Outcome:
    """Read and compare pages of one list for a few seconds; `key` is "connection:purpose"."""
    connection_id, _colon, purpose = key.partition(":")
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        if connection is None or connection.state != Connection.State.LIVE:
            return jobs.DONE
        run_id = rounds.begin(connection, purpose)
        one = rounds.next_unread(connection, purpose)
        if one is None:
            return _conclude(connection, run_id, purpose)
    with metered() as meter:
        try:
            comparison = _Comparison(connection, run_id, stripe_of(connection), one)
            if one.resource == SET_ASIDE:
                _try_again(comparison)
            else:
                _work(comparison)
        except StripeError as error:
            return _answer(connection, run_id, one, error)
        finally:
            with tenant(organization_id):
                runs.progress(connection, run_id, meter, 0)
    return jobs.MORE


def _answer(connection: Connection, run_id: UUID, one: ListRange, error: StripeError) -> jobs.Outcome:
    """Do what an error of Stripe's asks for; none but a dead key ends a comparison."""
    if key_trouble(connection, error):
        return jobs.DONE
    with tenant(connection.organization_id):
        if isinstance(error, CursorLostError):
            rounds.this(one).update(starting_after="")
            return jobs.MORE
        runs.trouble(connection, run_id, error)
        if isinstance(error, PermissionMissingError | NotFoundError) and one.resource in BY_NAME:
            reason = how_to_add(error, str(BY_NAME[one.resource].permission_label))
            rounds.this(one).update(state=State.UNAVAILABLE, error=reason)
            return jobs.MORE
        rounds.this(one).update(error=str(error))
    return wait_for(error)


def _work(comparison: _Comparison) -> None:
    one, view = comparison.one, rounds.view_of(comparison.one)
    connection, given = comparison.connection, rounds.bounds(one)
    with tenant(connection.organization_id):
        edge = rounds.edge_of(connection, one)
    end = time.monotonic() + STEP_SECONDS
    with Fetchers(1) as ahead:
        coming = ahead.submit(read_page, comparison.stripe, view.asked, one.starting_after, **given)
        while True:
            fetched = _doubted(coming.result())
            on_time = time.monotonic() < end
            if fetched.has_more and on_time:
                coming = ahead.submit(read_page, comparison.stripe, view.asked, fetched.last_id, **given)
            if one.resource != EVENTS.name:
                _compare(comparison, view.shows, fetched, edge)
            if not _move(comparison, fetched) or not fetched.has_more or not on_time:
                return
            edge = edge.below(fetched)


def _doubted(fetched: Fetched) -> Fetched:
    """Take no full page for a list's last: whether anything follows is asked once more."""
    if fetched.has_more or len(fetched.values) < PAGE:
        return fetched
    return replace(fetched, has_more=True, last_id=str(fetched.values[-1].get("id")))


def _compare(comparison: _Comparison, shows: Q, fetched: Fetched, edge: Edge) -> None:
    """Mend what a page shows otherwise than the mirror has it, and what it should show and does not."""
    connection, resource = comparison.connection, BY_NAME[comparison.one.resource]
    with tenant(connection.organization_id):
        page = comparing.compare(connection, resource, fetched)
        suspects = page.suspects + _unlisted(comparison, shows, fetched, edge)
        mirror.store(connection, resource, page.outdated)
    if suspects:
        known = causes.knowledge(connection, comparison.run_id, comparison.stripe)
        mending.mend(connection, known, suspects, page.cards)


def _unlisted(comparison: _Comparison, shows: Q, fetched: Fetched, edge: Edge) -> list[Target]:
    one, oldest = comparison.one, edge.below(fetched).at
    if fetched.has_more and oldest is None:
        return []
    since = one.since_at - ONE_SECOND if one.since_at else None
    after = oldest if fetched.has_more else since
    listed = {str(value.get("id")) for value in fetched.values}
    listed |= {each.stripe_id for each in fetched.unusable} | edge.shown
    between = (after, edge.at or one.until_at)
    return comparing.unlisted(comparison.connection, BY_NAME[one.resource], listed, between, shows)


def _move(comparison: _Comparison, fetched: Fetched) -> bool:
    """Move a list past a page; False where it is somewhere else by now."""
    connection, run_id, one = comparison.connection, comparison.run_id, comparison.one
    with tenant(connection.organization_id):
        row = rounds.this(one).select_for_update().first()
        if row is None or row.state not in UNREAD or row.starting_after != fetched.after:
            return False
        if one.resource == EVENTS.name:
            mending.take_late_events(connection, run_id, fetched)
        elif fetched.unusable:
            mirror.store(connection, BY_NAME[one.resource], (), fetched.unusable)
        count = len(fetched.values) + len(fetched.unusable)
        runs.progress(connection, run_id, Meter(), count)
        _advance(row, fetched.last_id, count, has_more=fetched.has_more)
    return True


def _advance(row: ListRange, last_id: str, count: int, *, has_more: bool) -> None:
    row.moved_at = now()
    row.started_at = row.started_at or row.moved_at
    row.objects_done += count
    row.pages_done += 1
    row.state, row.starting_after, row.error = State.READING, last_id, ""
    if not has_more:
        row.state, row.starting_after, row.completed_at = State.COMPLETE, "", row.moved_at
    row.save()


def _try_again(comparison: _Comparison) -> None:
    """Fetch objects that could not be used once more."""
    connection, one = comparison.connection, comparison.one
    with tenant(connection.organization_id):
        rows = SetAside.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            stripe_id__gt=one.starting_after,
        ).order_by("stripe_id")[:SET_ASIDE_AT_ONCE]
        found = list(rows.values_list("resource", "stripe_id"))
    targets = [
        (BY_NAME[name], identity)
        for name, identity in found
        if name in BY_NAME and not identity.startswith(UNREADABLE)
    ]
    if targets:
        known = causes.knowledge(connection, comparison.run_id, comparison.stripe)
        mending.mend(connection, known, targets)
    with tenant(connection.organization_id):
        row = rounds.this(one).select_for_update().first()
        if row is not None and row.starting_after == one.starting_after:
            _advance(row, found[-1][1] if found else "", len(found), has_more=bool(found))


def _conclude(connection: Connection, run_id: UUID, purpose: str) -> jobs.Outcome:
    """End a comparison, count what it mended, and ask for the next."""
    run = SyncRun.objects.get(organization_id=connection.organization_id, id=run_id)
    if purpose == ListRange.Purpose.WEEKLY:
        # All lists were read: what had no readable text then and was not met again is there no longer.
        SetAside.objects.filter(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            stripe_id__startswith=UNREADABLE,
            seen_at__lt=run.started_at,
        ).delete()
    causes.forgive(connection, run_id)
    repairs = Repair.objects.filter(organization_id=connection.organization_id, run_id=run_id)
    counts = repairs.aggregate(
        repaired=Count("id"), unexplained=Count("id", filter=Q(cause=Repair.Cause.UNEXPLAINED))
    )
    SyncRun.objects.filter(organization_id=connection.organization_id, id=run_id).update(**counts)
    if not readable(connection):
        following.reach(connection, run.started_at)
    runs.end(connection, run_id)
    runs.forget_uneventful(connection)
    rounds.ranges(connection, purpose).delete()
    return jobs.Later(nights.coming(connection, purpose))
