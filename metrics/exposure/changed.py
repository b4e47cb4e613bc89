"""Whose diagnoses to look at again: told where customers are computed again, in the same transaction."""

from collections.abc import Iterable, Mapping, Set
from uuid import UUID

from metrics.build.pipeline import Road, packed
from metrics.build.write import execute

MARK = """
INSERT INTO metrics_undiagnosed (organization_id, connection_id, customer_id, marked)
SELECT %s, changed.*, gen_random_uuid() FROM unnest(%s::uuid[], %s::text[]) AS changed
ORDER BY 2, 3
ON CONFLICT (organization_id, connection_id, customer_id) DO UPDATE SET marked = excluded.marked
"""
UNMARK = """
DELETE FROM metrics_undiagnosed AS changed
USING unnest(%s::uuid[], %s::text[], %s::uuid[]) AS done (connection_id, customer_id, marked)
WHERE changed.organization_id = %s AND changed.connection_id = done.connection_id
  AND changed.customer_id = done.customer_id AND changed.marked = done.marked
"""
Mark = tuple[UUID, str, UUID]


def mark(payers: Mapping[UUID, Set[str]], organization_id: UUID, road: Road) -> None:
    """Mark customers who were computed again."""
    pairs = [(one, name) for one in sorted(payers) for name in sorted(payers[one])]
    if pairs:
        road.send(MARK, (organization_id, *map(packed, ("uuid", "text"), zip(*pairs, strict=True))))


def unmark(done: Iterable[Mark], organization_id: UUID) -> None:
    """Forget the marks that were worked off; one that was set again since stays."""
    columns = [list(column) for column in zip(*done, strict=True)]
    if columns:
        execute(UNMARK, (*columns, organization_id))
