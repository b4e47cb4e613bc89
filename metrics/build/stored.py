"""Reading back what earlier builds stored, and clearing away what no reader sees."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from metrics.build import rows
from metrics.build.load import fetch
from metrics.build.write import Build, Scope, execute
from metrics.core.history import Configuration
from metrics.core.ledger import Segment

READ = "SELECT customer_id, {columns} FROM {table} AS old WHERE {own} AND {condition} ORDER BY {key}"
CUSTOMERS = (
    "SELECT DISTINCT customer_id FROM metrics_configuration "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id > %s {until}"
    "ORDER BY customer_id LIMIT %s"
)
VALUED = (
    "SELECT DISTINCT customer_id FROM metrics_segment WHERE organization_id = %s "
    "AND definition_version = %s AND build = %s AND connection_id = %s AND customer_id > %s "
    "ORDER BY customer_id LIMIT %s"
)
BUILT = (
    "metrics_segment",
    "metrics_movement",
    "metrics_customerbalance",
    "metrics_dailyrevenue",
    "metrics_monthlyrevenue",
    "metrics_planrevenue",
    "metrics_monthlydepartures",
    "metrics_comparison",
    "metrics_comparedamount",
)
OTHER_BUILDS = (
    "definition_version < %(version)s",
    "definition_version > %(version)s",
    "definition_version = %(version)s AND build < %(number)s",
    "definition_version = %(version)s AND build > %(number)s",
)
DROP = "DELETE FROM {table} WHERE organization_id = %(organization)s AND {others}"
DROP_CONNECTIONS = "DELETE FROM {table} WHERE organization_id = %s AND connection_id <> ALL(%s)"


def configurations(organization_id: UUID, scope: Scope) -> dict[str, list[Configuration]]:
    """Return the stored history of the scope's payers."""
    found: dict[str, list[Configuration]] = defaultdict(list)
    for customer_id, *row in _read(rows.CONFIGURATION, Build(organization_id), scope):
        found[customer_id].append(rows.configuration(row))
    return found


def ledgers(build: Build, scope: Scope) -> dict[str, list[Segment]]:
    """Return the segments that a build holds of the scope's payers, by item and time."""
    found: dict[str, list[Segment]] = defaultdict(list)
    for customer_id, *row in _read(rows.SEGMENT, build, scope):
        found[customer_id].append(rows.segment(row))
    return found


def next_customers(
    organization_id: UUID, connection_id: UUID, after: str, count: int, *, last: str | None = None
) -> list[str]:
    """Return the next payers with a stored history, up to `last`, in order of their ids."""
    until, bound = ("", ()) if last is None else ("AND customer_id <= %s ", (last,))
    statement = CUSTOMERS.format(until=until)
    return [name for (name,) in fetch(statement, (organization_id, connection_id, after, *bound, count))]


def valued_customers(build: Build, connection_id: UUID, after: str, count: int) -> list[str]:
    """Return the next payers with segments in a build, in order of their ids."""
    return [name for (name,) in fetch(VALUED, (*build.lead(rows.SEGMENT), connection_id, after, count))]


def drop_other_builds(build: Build) -> None:
    """Delete every row of the tenant that belongs to another build."""
    bound = {
        "organization": build.organization_id,
        "version": build.definition_version,
        "number": build.number,
    }
    for table in BUILT:
        for others in OTHER_BUILDS:
            execute(DROP.format(table=table, others=others), bound)


def drop_other_connections(organization_id: UUID, kept: Sequence[UUID]) -> None:
    """Delete the history of accounts that are no longer summed."""
    for table in (rows.CONFIGURATION, rows.INVOICED, rows.UNUSED, rows.DATED):
        execute(DROP_CONNECTIONS.format(table=table.name), (organization_id, list(kept)))


def _read(table: rows.Table, build: Build, scope: Scope) -> list[tuple[Any, ...]]:
    names = [_selected(name, kind) for name, kind in table.columns.items()][2:]
    statement = READ.format(
        columns=", ".join(names),
        table=table.name,
        own=" AND ".join(f"old.{name} = %s" for name in table.lead),
        condition=scope.condition(),
        key=", ".join(f"old.{name}" for name in table.key),
    )
    return fetch(statement, (*build.lead(table), *scope.values()))


def _selected(name: str, kind: str) -> str:
    return f"extract(epoch FROM old.{name})::bigint" if kind == "instant" else f'old."{name}"'
