"""Write many rows of the mirror in one statement, newer over older, and say which changed."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, LiteralString

from psycopg import sql
from psycopg.adapt import PyFormat

from accounts.pipeline import Answer, Road, ask, tell
from billing_sync.columns import SEPARATOR
from billing_sync.mirror.arrays import packed
from billing_sync.models import Connection, DirtyCustomer, ListRange, Payer, SetAside
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS

AT_ONCE = 1000
KEY = ("organization_id", "connection_id", "stripe_id")
OF_CUSTOMER = ("organization_id", "connection_id", "customer_id")
NEWER: LiteralString = (
    "WHERE present.fetched_at <= EXCLUDED.fetched_at "
    "AND (present.payload IS DISTINCT FROM EXCLUDED.payload "
    "OR (present.deleted_at IS NULL) <> (EXCLUDED.deleted_at IS NULL) "
    "OR present.api_version <> EXCLUDED.api_version)"
)
FORGET = (
    "DELETE FROM billing_sync_setaside WHERE organization_id = %s AND connection_id = %s AND resource = %s "
    "AND stripe_id = ANY(%b::text[])"
)
LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%b::bigint[]) AS key"
CUSTOMERS_OF = sql.SQL(
    "SELECT DISTINCT customer_id FROM {} WHERE organization_id = %s AND connection_id = %s "
    "AND stripe_id = ANY(%b::text[])"
)
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
MOVED = (
    ("number", "bigint"),
    ("state", "text"),
    ("starting_after", "text"),
    ("newest_at", "timestamptz"),
    ("oldest_at", "timestamptz"),
    ("objects_done", "bigint"),
    ("pages_done", "bigint"),
    ("started_at", "timestamptz"),
    ("moved_at", "timestamptz"),
    ("completed_at", "timestamptz"),
)
Row = Sequence[Any]
Typed = tuple[str, str]


def upsert(connection: Connection, resource: Resource, rows: Sequence[Row], road: Road) -> list[Answer]:
    """Write rows of (kept columns, typed columns), sorted by id; answer which are new or different.

    Each by its id and, where the resource belongs to a customer, by the customer's.
    """
    columns = (*KEPT, *_typed(resource))
    return _write(connection, resource.table, columns, rows, KEY, NEWER, _told(columns), road)


def _told(columns: Sequence[Typed]) -> tuple[str, ...]:
    return ("stripe_id", "customer_id") if ("customer_id", "text") in columns else ("stripe_id",)


def log(connection: Connection, rows: Sequence[Row], road: Road) -> list[Answer]:
    """Add events of (kept, typed, position, applied_at) to the log; one that is there stays as it is."""
    columns = (*KEPT, *_typed(EVENTS), *LOGGED)
    return _write(connection, EVENTS.table, columns, rows, KEY, None, _told(columns), road)


def upsert_payers(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Write the personal data of customers, sorted by id."""
    newer = (
        "WHERE present.fetched_at <= EXCLUDED.fetched_at AND present.fields IS DISTINCT FROM EXCLUDED.fields"
    )
    _write(connection, Payer._meta.db_table, PAYER, rows, OF_CUSTOMER, newer, ("customer_id",), road)


def upsert_set_aside(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Remember objects that could not be used, sorted by id."""
    key = ("organization_id", "connection_id", "resource", "stripe_id")
    _write(connection, SetAside._meta.db_table, ASIDE, rows, key, "", ("stripe_id",), road)


def upsert_dirty(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Mark customers, sorted by id, each with a fresh mark."""
    _write(connection, DirtyCustomer._meta.db_table, DIRTY, rows, OF_CUSTOMER, "", ("customer_id",), road)


def forget_set_aside(connection: Connection, resource: Resource, ids: Sequence[str], road: Road) -> None:
    """Forget what was wrong with these objects."""
    given = [connection.organization_id, connection.id, resource.name, packed("text", ids)]
    road.send(FORGET, given)


def move_ranges(connection: Connection, resource: Resource, moved: Collection[ListRange]) -> None:
    """Write how far ranges of a list have come."""
    arrays = [packed(kind, [getattr(row, name) for row in moved]) for name, kind in MOVED]
    tell(_moving(), [*arrays, connection.organization_id, connection.id, resource.name])


def lock(keys: Sequence[int], road: Road) -> None:
    """Take advisory locks in the order given, held until the transaction in progress ends."""
    road.send(LOCK, [packed("bigint", keys)])


def customers_of(connection: Connection, table: str, ids: Sequence[str]) -> list[str]:
    """Return the customers that objects in a table belong to."""
    found = ask(_owners(table), [connection.organization_id, connection.id, packed("text", ids)])
    return [str(customer) for (customer,) in found]


@cache
def _owners(table: str) -> bytes:
    return CUSTOMERS_OF.format(sql.Identifier(table)).as_bytes(None)


def _write(
    connection: Connection,
    table: str,
    columns: tuple[Typed, ...],
    rows: Sequence[Row],
    key: tuple[str, ...],
    newer: LiteralString | None,
    result: tuple[str, ...],
    road: Road,
) -> list[Answer]:
    statement, kinds = _statement(table, columns, key, newer, result), _kinds(columns)
    written: list[Answer] = []
    for start in range(0, len(rows), AT_ONCE):
        given = zip(*rows[start : start + AT_ONCE], strict=True)
        arrays = list(map(packed, kinds, given))
        written.append(road.send(statement, [connection.organization_id, connection.id, *arrays]))
    return written


@cache
def _statement(
    table: str,
    columns: tuple[Typed, ...],
    key: tuple[str, ...],
    newer: LiteralString | None,
    result: tuple[str, ...],
) -> bytes:
    names = [sql.Identifier(name) for name, _ in columns]
    comma = sql.SQL(", ")
    updates = [
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name, _ in columns if name not in key
    ]
    instead: sql.Composable = sql.SQL("DO NOTHING")
    if newer is not None:
        instead = sql.SQL("DO UPDATE SET {} ").format(comma.join(updates)) + sql.SQL(newer)
    statement = sql.SQL(
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
        result=comma.join(map(sql.Identifier, result)),
    )
    return statement.as_bytes(None)


@cache
def _moving() -> bytes:
    names = [sql.Identifier(name) for name, _ in MOVED]
    statement = sql.SQL(
        "UPDATE {ranges} AS present SET {moves} FROM unnest({arrays}) AS given ({names}) "
        "WHERE present.number = given.number AND organization_id = %s AND connection_id = %s "
        "AND purpose = 'import' AND resource = %s"
    ).format(
        ranges=sql.Identifier(ListRange._meta.db_table),
        moves=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=sql.SQL(", ").join([_array(kind) for _, kind in MOVED]),
        names=sql.SQL(", ").join(names),
    )
    return statement.as_bytes(None)


def _chosen(name: str, kind: str) -> sql.Composed:
    if kind == "text[]":
        return sql.SQL("string_to_array({}, {})").format(sql.Identifier(name), sql.Literal(SEPARATOR))
    return sql.Composed([sql.Identifier(name)])


def _array(kind: str) -> sql.Composed:
    """Return the placeholder of one column's values; lists of lists would not keep their bounds."""
    return sql.SQL("{}::{}[]").format(sql.Placeholder(format=PyFormat.BINARY), sql.SQL(_sent(kind)))


@cache
def _kinds(columns: tuple[Typed, ...]) -> list[str]:
    return [_sent(kind) for _, kind in columns]


def _sent(kind: str) -> str:
    return "text" if kind == "text[]" else kind


def _typed(resource: Resource) -> list[Typed]:
    return [(column.name, column.sql) for column in resource.columns]
