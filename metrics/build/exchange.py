"""Bulk writes of exchange rates: a day's rate of a pair takes the place of the one before."""

from collections.abc import Iterable
from uuid import UUID

from metrics.build.rows import Row, Table
from metrics.build.write import bring, execute, statements

RATE = Table(
    "metrics_exchangerate",
    {"base": "text", "quote": "text", "on": "day", "rate": "text", "source": "text"},
    ("base", "quote", "on"),
    built=False,
)
REPLACED = (
    'DELETE FROM "metrics_exchangerate" AS old USING "incoming_metrics_exchangerate" AS new '
    'WHERE old."organization_id" = %s '
    'AND (new."base", new."quote", new."on") = (old."base", old."quote", old."on") '
    'AND (new."rate", new."source") <> (old."rate", old."source")'
)


def write_rates(organization_id: UUID, rows: Iterable[Row]) -> int:
    """Store rates in the transaction in progress, all or none; return how many are new or differ."""
    if not bring(RATE, rows):
        return 0
    execute(REPLACED, (organization_id,))
    return execute(statements(RATE).insert, (organization_id,))
