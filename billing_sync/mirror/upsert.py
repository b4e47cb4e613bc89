"""Write many rows of the mirror in one statement, newer over older, and say which changed."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection as database
from psycopg import sql
from psycopg.adapt import PyFormat

from billing_sync.columns import SEPARATOR
from billing_sync.models import Connection, DirtyCustomer, Payer, SetAside
from billing_sync.resource import Resource

AT_ONCE = 1000
KEY = ("organization_id", "connection_id", "stripe_id")
KEPT = (
    ("stripe_id", "text"),
    ("created_at", "timestamptz"),
    ("payload", "bytea"),
    ("api_version", "text"),
    ("fetched_at", "timestamptz"),
    ("deleted_at", "timestamptz"),
)
LOGGED = (
    ("position", "bigint"),
    ("applied_at", "timestamptz"),
)
PAYER = (
    ("customer_id", "text"),
    ("name", "text"),
    ("email", "text"),
    ("fields", "bytea"),
    ("fetched_at", "timestamptz"),
)
ASIDE = (
    ("resource", "text"),
    ("stripe_id", "text"),
    ("reason", "text"),
    ("payload", "bytea"),
    ("seen_at", "timestamptz"),
)
DIRTY = (("customer_id", "text"), ("marked", "uuid"))
Row = tuple[Any, ...]
Typed = tuple[str, str]


def upsert(connection: Connection, resource: Resource, rows: Sequence[Row]) -> list[str]:
    """Write rows of (kept columns, typed columns), sorted by id; return the ids that are new or different."""
    columns = (*KEPT, *_typed(resource))
    newer = sql.SQL(
        "WHERE present.fetched_at <= EXCLUDED.fetched_at "
        "AND (present.payload IS DISTINCT FROM EXCLUDED.payload "
        "OR (present.deleted_at IS NULL) <> (EXCLUDED.deleted_at IS NULL) "
        "OR present.api_version <> EXCLUDED.api_version)"
    )
    return _write(connection, resource.table, columns, rows, KEY, newer, "stripe_id")


def log(connection: Connection, resource: Resource, rows: Sequence[Row]) -> list[str]:
    """Add events of (kept, typed, position, applied_at) to the log; one that is there stays as it is."""
    columns = (*KEPT, *_typed(resource), *LOGGED)
    return _write(connection, resource.table, columns, rows, KEY, None, "stripe_id")


def upsert_payers(connection: Connection, rows: Sequence[Row]) -> None:
    """Write the personal data of customers, sorted by id."""
    newer = sql.SQL(
        "WHERE present.fetched_at <= EXCLUDED.fetched_at AND present.fields IS DISTINCT FROM EXCLUDED.fields"
    )
    key = ("organization_id", "connection_id", "customer_id")
    _write(connection, Payer._meta.db_table, PAYER, rows, key, newer, "customer_id")


def upsert_set_aside(connection: Connection, rows: Sequence[Row]) -> None:
    """Remember objects that could not be used, sorted by id."""
    key = ("organization_id", "connection_id", "resource", "stripe_id")
    _write(connection, SetAside._meta.db_table, ASIDE, rows, key, sql.SQL(""), "stripe_id")


def upsert_dirty(connection: Connection, rows: Sequence[Row]) -> None:
    """Mark customers, sorted by id, each with a fresh mark."""
    key = ("organization_id", "connection_id", "customer_id")
    _write(connection, DirtyCustomer._meta.db_table, DIRTY, rows, key, sql.SQL(""), "customer_id")


def lock(keys: Sequence[int]) -> None:
    """Take advisory locks in the order given, held until the transaction in progress ends."""
    statement = sql.SQL("SELECT pg_advisory_xact_lock(key) FROM unnest({}::bigint[]) AS key")
    execute(statement.format(sql.Placeholder()), [list(keys)])


def execute(statement: sql.Composed, parameters: Sequence[Any]) -> psycopg.Cursor[Row]:
    """Run a statement in the transaction in progress, with its parameters bound by the server."""
    cursor = psycopg.Cursor(database.connection)
    cursor.execute(statement, parameters)
    return cursor


def _write(
    connection: Connection,
    table: str,
    columns: Sequence[Typed],
    rows: Sequence[Row],
    key: Sequence[str],
    newer: sql.SQL | None,
    result: str,
) -> list[str]:
    statement = _statement(table, columns, key, newer, result)
    changed: list[str] = []
    for start in range(0, len(rows), AT_ONCE):
        arrays = [list(values) for values in zip(*rows[start : start + AT_ONCE], strict=True)]
        written = execute(statement, [connection.organization_id, connection.id, *arrays])
        changed += [str(identity) for (identity,) in written]
    return changed


def _statement(
    table: str, columns: Sequence[Typed], key: Sequence[str], newer: sql.SQL | None, result: str
) -> sql.Composed:
    names = [sql.Identifier(name) for name, _ in columns]
    comma = sql.SQL(", ")
    updates = [
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name, _ in columns if name not in key
    ]
    instead = sql.SQL("DO NOTHING")
    if newer is not None:
        instead = sql.SQL("DO UPDATE SET {} {}").format(comma.join(updates), newer)  # type: ignore[assignment]
    return sql.SQL(
        "INSERT INTO {table} AS present (organization_id, connection_id, {names}) "
        "SELECT %s, %s, {chosen} FROM unnest({arrays}) AS given ({names}) "
        "ON CONFLICT ({key}) {instead} RETURNING {result}"
    ).format(
        table=sql.Identifier(table),
        names=comma.join(names),
        chosen=comma.join([_chosen(name, kind) for name, kind in columns]),
        arrays=comma.join([_array(kind) for _, kind in columns]),
        key=comma.join([sql.Identifier(name) for name in key]),
        instead=instead,
        result=sql.Identifier(result),
    )


def _chosen(name: str, kind: str) -> sql.Composed:
    if kind == "text[]":
        return sql.SQL("string_to_array({}, {})").format(sql.Identifier(name), sql.Literal(SEPARATOR))
    return sql.Composed([sql.Identifier(name)])


def _array(kind: str) -> sql.Composed:
    """Return the placeholder of one column's values; lists of lists would not keep their bounds."""
    given = sql.SQL("text" if kind == "text[]" else kind)
    return sql.SQL("{}::{}[]").format(sql.Placeholder(format=PyFormat.BINARY), given)


def _typed(resource: Resource) -> list[Typed]:
    return [(column.name, column.sql) for column in resource.columns]
