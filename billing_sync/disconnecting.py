"""Leave a Stripe account: forget what opens it, and keep or delete what was read of it."""

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import audit, jobs
from accounts.models import Job, User
from accounts.tenancy import tenant
from billing_sync import access, mirror, runs
from billing_sync.mirror.forgetting import forget
from billing_sync.models import Connection, WebhookRoute
from config.clock import now

AT_ONCE = 5_000
DRAINING = timedelta(seconds=1)
State = Connection.State


def may_keep(connection: Connection) -> bool:
    """Say whether there is anything to keep: an account whose first import never ended has no numbers."""
    followed = connection.kind != Connection.Kind.ARCHIVE and connection.state != State.DISCONNECTED
    return followed and connection.imported_at is not None


def disconnect(connection: Connection, *, keep: bool, by: User) -> None:
    """End a connection in the request's transaction; a job does what takes long, and what asks Stripe."""
    organization_id = connection.organization_id
    current = Connection.objects.select_for_update().get(organization_id=organization_id, id=connection.id)
    if current.state == State.DELETING or (keep and not may_keep(current)):
        return
    current.state, current.error = (State.DISCONNECTED if keep else State.DELETING), ""
    if not keep:
        # What is being deleted counts no longer.
        current.imported_at = None
    access.erase(current)
    current.save()
    runs.end_all(current, _("The account was disconnected."))
    _record("connection.disconnected" if keep else "connection.deletion_begun", current, by)
    jobs.enqueue(organization_id, "disconnect", str(current.id))
    if not keep:
        jobs.enqueue(organization_id, mirror.RECOMPUTE)


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Take leave of Stripe, then delete what is to be deleted, slice by slice."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
    if connection is None or connection.state not in (State.DISCONNECTED, State.DELETING):
        return jobs.DONE
    return _delete(connection) if connection.state == State.DELETING else jobs.DONE


def _delete(connection: Connection) -> jobs.Outcome:
    if _at_work(connection):
        return jobs.Later(now() + DRAINING)
    with tenant(connection.organization_id):
        if forget(connection, AT_ONCE):
            return jobs.MORE
        current = _ended(connection)
        if current is None:
            return jobs.DONE
        WebhookRoute.objects.filter(connection_id=connection.id).delete()
        current.delete()
        _record("connection.deleted", connection, None)
        jobs.enqueue(connection.organization_id, mirror.RECOMPUTE)
    return jobs.DONE


def _at_work(connection: Connection) -> bool:
    """Say whether a job of the connection that began before its end still runs, and may write."""
    running = jobs.jobs_of(connection.organization_id).filter(
        state=Job.State.RUNNING, key__startswith=str(connection.id)
    )
    return running.exclude(kind="disconnect").exists()


def _ended(connection: Connection) -> Connection | None:
    """Return the connection, locked, unless someone connected it again meanwhile."""
    return (
        Connection.objects.select_for_update()
        .filter(organization_id=connection.organization_id, id=connection.id, state=connection.state)
        .first()
    )


def _record(action: str, connection: Connection, by: User | None) -> None:
    audit.record(
        action,
        actor=by,
        subject=str(connection.id),
        account=connection.account_id,
        livemode=connection.livemode,
    )
