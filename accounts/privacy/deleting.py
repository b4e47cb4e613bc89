"""Delete an organization: at once nobody gets in, then a job empties every table, and a line remembers it."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError, connection
from psycopg import sql

from accounts import jobs
from accounts.models import Invitation, Job, Membership, Organization, TenantModel, User
from accounts.privacy import ledger
from accounts.privacy.models import Deletion
from accounts.privacy.tables import tenant_tables
from accounts.tenancy import tenant
from config.clock import now

DELETE = "delete_organization"
AT_ONCE = 5_000
PAUSE = timedelta(seconds=1)
# What is owed to others, such as an endpoint at Stripe, is waited for, but not for ever.
LEAVING_FOR = timedelta(minutes=10)
# The app role may not delete from it; it goes last, with the organization.
AUDIT = "accounts_auditentry"
SLICE = sql.SQL(
    "DELETE FROM {table} WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM {table} WHERE organization_id = %s LIMIT %s))"
)
Leave = Callable[[UUID, User], None]
_leaves: list[tuple[Leave, frozenset[str]]] = []


def leaving(*kinds: str) -> Callable[[Leave], Leave]:
    """Register what takes leave of others before an organization goes, and the kinds of job that do it."""

    def register(function: Leave) -> Leave:
        _leaves.append((function, frozenset(kinds)))
        return function

    return register


def begin(organization: Organization, *, by: User) -> None:
    """Close an organization for everybody, in the request's transaction and tenant; a job does the rest."""
    for leave, _kinds in _leaves:
        leave(organization.id, by)
    close(organization.id)


def close(organization_id: UUID) -> None:
    """Let nobody in any more, forget the name, and ask for the deletion."""
    Invitation.objects.filter(organization_id=organization_id).delete()
    Membership.objects.filter(organization_id=organization_id).delete()
    anonymous = f"deleted-{organization_id.hex}"
    Organization.objects.filter(id=organization_id).update(name="", slug=anonymous)
    ledger.note(ledger.ORGANIZATION, organization_id=organization_id)
    jobs.enqueue(None, DELETE, str(organization_id))


@ledger.replaying(ledger.ORGANIZATION)
def delete_again(lines: Sequence[ledger.Line]) -> int:
    """Delete the organizations that a restored copy brought back, to their end."""
    gone = [UUID(one.organization_id) for one in lines]
    back = list(Organization.objects.filter(id__in=gone).values_list("id", flat=True))
    for organization_id in back:
        with tenant(organization_id):
            close(organization_id)
        while step(None, str(organization_id)) is not jobs.DONE:
            time.sleep(0)
    return len(back)


@jobs.handler(DELETE)
def step(organization_id: UUID | None, key: str) -> jobs.Outcome:
    """Delete some of what is left of an organization that was closed, and at last itself."""
    gone = UUID(key)
    if not Organization.objects.filter(id=gone).exists():
        return jobs.DONE
    if _is_leaving(gone):
        return jobs.Later(now() + PAUSE)
    with tenant(gone):
        if _empty(gone, (table for table in tenant_tables() if table != AUDIT)):
            return jobs.MORE
    try:
        _forget(gone)
    except IntegrityError:
        # What was at work when it began has written once more.
        return jobs.Later(now() + PAUSE)
    return jobs.DONE


def _is_leaving(gone: UUID) -> bool:
    kinds = frozenset[str]().union(*(kinds for _leave, kinds in _leaves))
    owed = jobs.jobs_of(gone).filter(kind__in=kinds, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    begun = Deletion.objects.filter(
        kind=ledger.ORGANIZATION, organization_id=gone, at__gt=now() - LEAVING_FOR
    )
    return begun.exists() and owed.exists()


def _empty(gone: UUID, tables: Iterable[str]) -> bool:
    """Delete at most so many rows; say whether there may be more."""
    left = AT_ONCE
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(SLICE.format(table=sql.Identifier(table)), [gone, left])
            left -= cursor.rowcount
            if left <= 0:
                return True
    return False


def _forget(gone: UUID) -> None:
    """Delete the rows of global tables that name an organization, its audit log, and itself."""
    with tenant(gone):
        for model in apps.get_models():
            if issubclass(model, TenantModel):
                continue
            for one in model._meta.concrete_fields:
                if one.is_relation and one.related_model is Organization:
                    model._default_manager.filter(**{one.attname: gone}).delete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT forget_organization()")
