"""Bring an organization's mirror up to date here and now, without a worker."""

import time
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import backfill, nights, rounds
from billing_sync.models import Connection, ListRange, SyncCursor, SyncRun

LEFT = (Connection.State.DISCONNECTED, Connection.State.DELETING)
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.5


class SyncFailed(RuntimeError):  # noqa: N818
    """Raised where the mirror could not be brought up to date; the message says why."""


def sync(organization_id: UUID) -> None:
    """Check what is unchecked, read every list to its end, follow the events, compute.

    An interrupted sync goes on where it was. Waits that Stripe asks for are kept while there is progress.
    """
    _begin(organization_id)
    moved, deadline = "", time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            jobs.run_until_idle(organization_id)
        except jobs.JobFailed as error:
            raise SyncFailed(str(error)) from error
        waiting, now_at = _unfinished(organization_id)
        if not waiting:
            return
        if now_at != moved:
            moved, deadline = now_at, time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise SyncFailed("\n".join(waiting))
        time.sleep(PAUSE_SECONDS)


def reconcile(organization_id: UUID, purpose: str) -> list[SyncRun]:
    """Compare every followed account with its mirror, to the end; return the comparisons."""
    begun = _compare(organization_id, purpose)
    moved, deadline = "", time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            jobs.run_until_idle(organization_id)
        except jobs.JobFailed as error:
            raise SyncFailed(str(error)) from error
        with tenant(organization_id):
            ended = list(SyncRun.objects.filter(organization_id=organization_id, id__in=begun))
            lists = ListRange.objects.filter(organization_id=organization_id, purpose=purpose)
            now_at = str(sorted(lists.values_list("resource", "number", "pages_done")))
        failed = [one.error for one in ended if one.state == SyncRun.State.FAILED]
        if failed:
            raise SyncFailed("\n".join(failed))
        if all(one.state == SyncRun.State.DONE for one in ended):
            return ended
        if now_at != moved:
            moved, deadline = now_at, time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise SyncFailed("\n".join(one.error for one in ended if one.error))
        time.sleep(PAUSE_SECONDS)


def _compare(organization_id: UUID, purpose: str) -> list[UUID]:
    with tenant(organization_id):
        connections = [one for one in _connected(organization_id) if one.state == Connection.State.LIVE]
        if not connections:
            raise SyncFailed(_("No account is imported yet. Run sync first."))
        begun = [rounds.begin(connection, purpose) for connection in connections]
        for connection in connections:
            jobs.enqueue(organization_id, nights.KIND, nights.key_of(connection.id, purpose))
    return begun


def _begin(organization_id: UUID) -> None:
    with tenant(organization_id):
        connections = _connected(organization_id)
        if not connections:
            raise SyncFailed(_("Nothing is connected. Connect a Stripe account with connect_stripe first."))
        for connection in connections:
            if connection.state in (Connection.State.IMPORTING, Connection.State.LIVE):
                backfill.read_again(connection)
            else:
                jobs.enqueue(organization_id, "check_connection", str(connection.id))


def _unfinished(organization_id: UUID) -> tuple[list[str], str]:
    """Return why connections are not up to date, and a mark that changes with any progress."""
    with tenant(organization_id):
        connections = _connected(organization_id)
        followed = [one.id for one in connections]
        cursors = list(SyncCursor.objects.filter(organization_id=organization_id, connection_id__in=followed))
    stopped = [
        one.error for one in connections if one.state in (Connection.State.REFUSED, Connection.State.REVOKED)
    ]
    if stopped:
        raise SyncFailed("\n".join(stopped))
    unread = [cursor for cursor in cursors if _unread(cursor)]
    waiting = [one.error for one in connections if one.state == Connection.State.CHECKING]
    waiting += [f"{cursor.resource}: {cursor.error}" for cursor in unread]
    return waiting, str([(cursor.resource, cursor.pages_done, cursor.state) for cursor in cursors])


def _unread(cursor: SyncCursor) -> bool:
    if cursor.resource == backfill.POLL:
        return bool(cursor.error)
    return cursor.state in backfill.UNREAD


def _connected(organization_id: UUID) -> list[Connection]:
    found = Connection.objects.filter(organization_id=organization_id)
    return list(
        found.exclude(kind=Connection.Kind.ARCHIVE).exclude(state__in=LEFT).order_by("created_at", "id")
    )
