"""Payers to compute again: those that the mirror marked, and those whose day has come."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Min

from billing_sync.models import DirtyCustomer
from metrics.build.write import execute
from metrics.models import DatedChange

Mark = tuple[UUID, str, UUID]
UNMARK = (
    "DELETE FROM billing_sync_dirtycustomer AS dirty "
    "USING unnest(%s::uuid[], %s::text[], %s::uuid[]) AS done (connection_id, customer_id, marked) "
    "WHERE dirty.organization_id = %s AND dirty.connection_id = done.connection_id "
    "AND dirty.customer_id = done.customer_id AND dirty.marked = done.marked"
)

# A mark that someone sets again at this moment is not waited for; it stays for the increments.
UNMARK_ALL = (
    "DELETE FROM billing_sync_dirtycustomer WHERE organization_id = %s AND (connection_id, customer_id) IN ("
    "SELECT connection_id, customer_id FROM billing_sync_dirtycustomer "
    "WHERE organization_id = %s FOR UPDATE SKIP LOCKED)"
)


def marked(organization_id: UUID, limit: int | None = None) -> list[Mark]:
    """Return the payers that the mirror marked, at most `limit`."""
    rows = DirtyCustomer.objects.filter(organization_id=organization_id)
    columns = rows.order_by("connection_id", "customer_id").values_list(
        "connection_id", "customer_id", "marked"
    )
    return list(columns[:limit] if limit else columns)


def unmark(organization_id: UUID, done: Iterable[Mark]) -> None:
    """Forget the marks that were worked off; one that was set again since stays."""
    columns = [list(column) for column in zip(*done, strict=True)]
    if columns:
        execute(UNMARK, (*columns, organization_id))


def unmark_all(organization_id: UUID) -> None:
    """Forget every mark that is set, as one who is about to compute everyone again."""
    execute(UNMARK_ALL, (organization_id, organization_id))


def due(organization_id: UUID, at: datetime) -> dict[UUID, set[str]]:
    """Return the payers whose MRR changed by date alone up to an instant, by connection."""
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = DatedChange.objects.filter(organization_id=organization_id, at__lte=at)
    for connection_id, customer_id in rows.values_list("connection_id", "customer_id"):
        found[connection_id].add(customer_id)
    return found


def next_due(organization_id: UUID) -> datetime | None:
    """Return when MRR next changes by date alone."""
    rows = DatedChange.objects.filter(organization_id=organization_id)
    first: datetime | None = rows.aggregate(first=Min("at"))["first"]
    return first
