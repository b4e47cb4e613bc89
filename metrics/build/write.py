"""Bulk writes: rows go by binary COPY into a temporary table, and only those that differ move on.

COPY straight into a table under row level security is refused by PostgreSQL.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from metrics.build.packing import packed
from metrics.build.rows import Row, Table

CREATE = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_{table} ON COMMIT DELETE ROWS "
    "AS SELECT {names} FROM {table} WITH NO DATA"
)
CLEAR = "DELETE FROM incoming_{table}"
COPY = "COPY incoming_{table} ({names}) FROM STDIN (FORMAT BINARY)"
INSERT = (
    "INSERT INTO {table} ({lead}, {names}) SELECT {constants}, {names} FROM incoming_{table} "
    "ON CONFLICT ({lead}, {key}) DO NOTHING"
)
# To look for rows under the same key first costs as much again as two indexes.
FILL = "INSERT INTO {table} ({lead}, {names}) SELECT {constants}, {names} FROM incoming_{table}"
DELETE = (
    "DELETE FROM {table} AS old WHERE {own} "
    "AND NOT EXISTS (SELECT 1 FROM incoming_{table} AS new WHERE {same})"
)


@dataclass(frozen=True, slots=True)
class Build:
    """The tenant, and which definition version and build is being written."""

    organization_id: UUID
    definition_version: int = 0
    number: int = 0

    def lead(self, table: Table) -> tuple[Any, ...]:
        """Return the values of the columns that lead the table's key."""
        built = (self.definition_version, self.number) if table.built else ()
        return (self.organization_id, *built)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a write replaces: some payers of a connection, or all in `(after, last]` of their order."""

    connection_id: UUID
    customer_ids: Sequence[str] | None = None
    after: str = ""
    last: str | None = None

    def condition(self) -> str:
        """Return the SQL that picks the scope's rows of `old`."""
        if self.customer_ids is not None:
            return "old.connection_id = %s AND old.customer_id = ANY(%s::text[])"
        upper = "" if self.last is None else " AND old.customer_id <= %s"
        return f"old.connection_id = %s AND old.customer_id > %s{upper}"

    def values(self) -> tuple[Any, ...]:
        """Return what the condition binds."""
        if self.customer_ids is not None:
            return (self.connection_id, list(self.customer_ids))
        return (self.connection_id, self.after, *(() if self.last is None else (self.last,)))


def execute(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Run one statement in the transaction in progress; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def insert(table: Table, build: Build, rows: Iterable[Row]) -> int:
    """Add rows whose keys are not there yet."""
    if not bring(table, rows):
        return 0
    return execute(statements(table).insert, build.lead(table))


def fill(table: Table, build: Build, rows: Sequence[Row]) -> int:
    """Add all that a new build holds of some payers; of two rows under one key the first counts."""
    places = [list(table.columns).index(name) for name in table.key]
    key = itemgetter(*places)
    if len({key(row) for row in rows}) < len(rows):
        rows = [*{key(row): row for row in reversed(rows)}.values()]
    if not bring(table, rows):
        return 0
    return execute(statements(table).fill, build.lead(table))


def replace(table: Table, build: Build, scope: Scope, rows: Iterable[Row]) -> int:
    """Make a scope's rows equal to the given ones, touching only those that differ; return how many."""
    found = bring(table, rows)
    sql, lead = statements(table), build.lead(table)
    gone = execute(f"{sql.delete} AND {scope.condition()}", (*lead, *scope.values()))
    return gone + (execute(sql.insert, lead) if found else 0)


def bring(table: Table, rows: Iterable[Row]) -> bool:
    """Fill the table's temporary twin, which the transaction's end empties."""
    sql, found = statements(table), list(rows)
    execute(sql.create)
    execute(sql.clear)
    if found:
        kinds = tuple(table.columns.values())
        with connection.cursor() as cursor, cursor.copy(sql.copy) as copy:
            copy.write(packed(kinds, found))
    return bool(found)


@dataclass(frozen=True, slots=True)
class Statements:
    create: str
    clear: str
    copy: str
    insert: str
    delete: str
    fill: str


@lru_cache
def statements(table: Table) -> Statements:
    """Return the SQL that moves rows from the temporary twin into the table."""
    facts = [name for name in table.columns if name not in table.key]
    parts = {
        "table": table.name,
        "names": quoted(table.columns),
        "lead": quoted(table.lead),
        "key": quoted(table.key),
        "constants": ", ".join(["%s"] * len(table.lead)),
        "own": " AND ".join(f'old."{name}" = %s' for name in table.lead),
        "same": " AND ".join(
            [
                *(f'new."{name}" = old."{name}"' for name in table.key),
                *(f'new."{name}" IS NOT DISTINCT FROM old."{name}"' for name in facts),
            ]
        ),
    }
    return Statements(*(template.format(**parts) for template in (CREATE, CLEAR, COPY, INSERT, DELETE, FILL)))


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
