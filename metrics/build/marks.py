"""Payers to compute again: those that the mirror marked, and those whose day has come."""

from collections.abc import Iterable
from uuid import UUID

from billing_sync.models import DirtyCustomer
from metrics.build.pipeline import Answer, Road
from metrics.build.write import execute

Mark = tuple[UUID, str, UUID]
UNMARK = (
    "DELETE FROM billing_sync_dirtycustomer AS dirty "
    "USING unnest(%s::uuid[], %s::text[], %s::uuid[]) AS done (connection_id, customer_id, marked) "
    "WHERE dirty.organization_id = %s AND dirty.connection_id = done.connection_id "
    "AND dirty.customer_id = done.customer_id AND dirty.marked = done.marked"
)

NEXT_DUE = "SELECT min(at) FROM metrics_datedchange WHERE organization_id = %s"
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


def next_due(organization_id: UUID, road: Road) -> Answer:
    """Ask when MRR next changes by date alone; None is told where it never does."""
    return road.send(NEXT_DUE, (organization_id,))
