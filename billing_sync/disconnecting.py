"""Leave a Stripe account: forget what opens it, and keep or delete what was read of it."""

import logging
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import audit, jobs
from accounts.models import Job, Organization, User
from accounts.redaction import describe
from accounts.tenancy import tenant
from billing_sync import access, mirror, runs, stripe_connect
from billing_sync.mirror.forgetting import forget
from billing_sync.models import Connection, WebhookEndpoint, WebhookRoute
from billing_sync.stripe_errors import StripeError
from billing_sync.trouble import wait_for
from billing_sync.webhooks import connected, endpoints
from config.clock import now

logger = logging.getLogger(__name__)

AT_ONCE = 5_000
DRAINING, UNDECIDED = timedelta(seconds=1), timedelta(seconds=10)
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
    if not _posts_here(current):
        access.erase(current)
    current.save()
    WebhookRoute.objects.filter(connection_id=current.id).delete()
    connected.keep(current)
    runs.end_all(current, _("The account was disconnected."))
    _record("connection.disconnected" if keep else "connection.deletion_begun", current, by)
    jobs.enqueue(organization_id, "disconnect", str(current.id))
    if current.kind == Connection.Kind.OAUTH and current.account_id:
        mode = "live" if current.livemode else "test"
        jobs.enqueue(organization_id, "deauthorize", f"{current.account_id}:{mode}")
    if not keep:
        jobs.enqueue(organization_id, mirror.RECOMPUTE)


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Take leave of Stripe, then delete what is to be deleted, slice by slice."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
    if connection is None or connection.state not in (State.DISCONNECTED, State.DELETING):
        return jobs.DONE
    if connection.key_encrypted:
        _take_leave(connection)
    return _delete(connection) if connection.state == State.DELETING else jobs.DONE


def _posts_here(connection: Connection) -> bool:
    """Say whether the key is still needed, to delete the endpoint that we made in Stripe."""
    endpoint = endpoints.endpoint_of(connection)
    return (
        endpoint is not None and endpoint.made_by == WebhookEndpoint.MadeBy.API and bool(endpoint.stripe_id)
    )


def _take_leave(connection: Connection) -> None:
    """Use the key a last time, then forget it; where Stripe does not answer, its posts find nobody here."""
    try:
        endpoints.leave(connection)
    except StripeError as error:
        logger.warning("The webhook endpoint of %s stays in Stripe: %s", connection.id, describe(error))
    with tenant(connection.organization_id):
        current = _ended(connection)
        if current is not None:
            access.erase(current)
            current.save()


def give_up_access(organization_id: UUID, key: str) -> jobs.Outcome:
    """Tell Stripe that we read an account no longer, unless a connection does; `key` is "account:mode"."""
    account_id, _colon, mode = key.rpartition(":")
    live = mode == "live"
    if not stripe_connect.configured() or stripe_connect.livemode() is not live:
        return jobs.DONE
    for one in Organization.objects.values_list("id", flat=True):
        accounts = _authorized(one, live)
        if account_id in accounts:
            return jobs.DONE
        if "" in accounts:
            return jobs.Later(now() + UNDECIDED)
    try:
        stripe_connect.deauthorize(account_id)
    except StripeError as error:
        return wait_for(error)
    return jobs.DONE


def _authorized(organization_id: UUID, livemode: bool) -> set[str]:
    """Return the accounts that an organization reads by Stripe Connect; "" is one not known yet."""
    with tenant(organization_id):
        readers = Connection.objects.filter(
            organization_id=organization_id, kind=Connection.Kind.OAUTH, livemode=livemode
        )
        return set(readers.filter(state__in=access.OPEN).values_list("account_id", flat=True))


def _delete(connection: Connection) -> jobs.Outcome:
    if _at_work(connection):
        return jobs.Later(now() + DRAINING)
    with tenant(connection.organization_id):
        if forget(connection, AT_ONCE):
            return jobs.MORE
        current = _ended(connection)
        if current is None:
            return jobs.DONE
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
