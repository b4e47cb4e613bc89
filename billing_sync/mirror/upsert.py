"""Write many rows of the mirror in one statement, newer over older, and say which changed."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, LiteralString, NamedTuple

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
USABLE: LiteralString = (
    "WITH usable AS (DELETE FROM billing_sync_setaside WHERE organization_id = %(organization_id)s "
    "AND connection_id = %(connection_id)s AND resource = {} AND stripe_id = ANY(%(stripe_id)b::text[])) "
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


class _Written(NamedTuple):
    """Rows of a table: by what they are known, which replace others (None for none), and what is answered.

    Of a `resource`, what was wrong with the same objects before is forgotten with their writing.
    """

    table: str
    columns: tuple[Typed, ...]
    key: tuple[str, ...]
    newer: LiteralString | None
    result: tuple[str, ...]
    resource: str = ""


def upsert(connection: Connection, resource: Resource, rows: Sequence[Row], road: Road) -> list[Answer]:
    """Write rows of (kept columns, typed columns), sorted by id; answer which are new or different.

    Each by its id and, where the resource belongs to a customer, by the customer's.
    """
    columns = (*KEPT, *_typed(resource))
    written = _Written(resource.table, columns, KEY, NEWER, _told(columns), resource.name)
    return _write(connection, written, rows, road)


def _told(columns: Sequence[Typed]) -> tuple[str, ...]:
    return ("stripe_id", "customer_id") if ("customer_id", "text") in columns else ("stripe_id",)


def log(connection: Connection, rows: Sequence[Row], road: Road) -> list[Answer]:
    """Add events of (kept, typed, position, applied_at) to the log; one that is there stays as it is."""
    columns = (*KEPT, *_typed(EVENTS), *LOGGED)
    written = _Written(EVENTS.table, columns, KEY, None, _told(columns), EVENTS.name)
    return _write(connection, written, rows, road)


def upsert_payers(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Write the personal data of customers, sorted by id."""
    newer = (
        "WHERE present.fetched_at <= EXCLUDED.fetched_at AND present.fields IS DISTINCT FROM EXCLUDED.fields"
    )
    written = _Written(Payer._meta.db_table, PAYER, OF_CUSTOMER, newer, ("customer_id",))
    _write(connection, written, rows, road)


def upsert_set_aside(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Remember objects that could not be used, sorted by id."""
    key = ("organization_id", "connection_id", "resource", "stripe_id")
    _write(connection, _Written(SetAside._meta.db_table, ASIDE, key, "", ("stripe_id",)), rows, road)


def upsert_dirty(connection: Connection, rows: Sequence[Row], road: Road) -> None:
    """Mark customers, sorted by id, each with a fresh mark."""
    written = _Written(DirtyCustomer._meta.db_table, DIRTY, OF_CUSTOMER, "", ("customer_id",))
    _write(connection, written, rows, road)


def forget_set_aside(connection: Connection, resource: Resource, ids: Sequence[str], road: Road) -> None:
    """Forget what was wrong with these objects."""
    given = [connection.organization_id, connection.id, resource.name, packed("text", ids)]
    road.send(FORGET, given)


def move_ranges(connection: Connection, resource: Resource, moved: Collection[ListRange]) -> None:
    """Write how far ranges of a list have come."""
    bound: dict[str, Any] = {
        name: packed(kind, [getattr(row, name) for row in moved]) for name, kind in MOVED
    }
    ours = {"organization": connection.organization_id, "connection": connection.id}
    tell(_moving(), {**bound, **ours, "resource": resource.name})


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


def _write(connection: Connection, what: _Written, rows: Sequence[Row], road: Road) -> list[Answer]:
    statement, kinds = _statement(what), _kinds(what.columns)
    names = [name for name, _ in what.columns]
    written: list[Answer] = []
    for start in range(0, len(rows), AT_ONCE):
        given = zip(*rows[start : start + AT_ONCE], strict=True)
        bound: dict[str, Any] = dict(zip(names, map(packed, kinds, given), strict=True))
        bound["organization_id"], bound["connection_id"] = connection.organization_id, connection.id
        written.append(road.send(statement, bound))
    return written


@cache
def _statement(what: _Written) -> bytes:
    names = [sql.Identifier(name) for name, _ in what.columns]
    comma = sql.SQL(", ")
    updates = [
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name))
        for name, _ in what.columns
        if name not in what.key
    ]
    instead: sql.Composable = sql.SQL("DO NOTHING")
    if what.newer is not None:
        instead = sql.SQL("DO UPDATE SET {} ").format(comma.join(updates)) + sql.SQL(what.newer)
    statement = sql.SQL(
        "INSERT INTO {table} AS present (organization_id, connection_id, {names}) "
        "SELECT %(organization_id)s, %(connection_id)s, {chosen} FROM unnest({arrays}) AS given ({names}) "
        "ON CONFLICT ({key}) {instead} RETURNING {result}"
    ).format(
        table=sql.Identifier(what.table),
        names=comma.join(names),
        chosen=comma.join([_chosen(name, kind) for name, kind in what.columns]),
        arrays=comma.join([_array(name, kind) for name, kind in what.columns]),
        key=comma.join([sql.Identifier(name) for name in what.key]),
        instead=instead,
        result=comma.join(map(sql.Identifier, what.result)),
    )
    if what.resource:
        statement = sql.SQL(USABLE).format(sql.Literal(what.resource)) + statement
    return statement.as_bytes(None)


@cache
def _moving() -> bytes:
    names = [sql.Identifier(name) for name, _ in MOVED]
    statement = sql.SQL(
        "UPDATE {ranges} AS present SET {moves} FROM unnest({arrays}) AS given ({names}) "
        "WHERE present.number = given.number AND organization_id = %(organization)s "
        "AND connection_id = %(connection)s AND purpose = 'import' AND resource = %(resource)s"
    ).format(
        ranges=sql.Identifier(ListRange._meta.db_table),
        moves=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=sql.SQL(", ").join([_array(name, kind) for name, kind in MOVED]),
        names=sql.SQL(", ").join(names),
    )
    return statement.as_bytes(None)


def _chosen(name: str, kind: str) -> sql.Composed:
    if kind == "text[]":
        return sql.SQL("string_to_array({}, {})").format(sql.Identifier(name), sql.Literal(SEPARATOR))
    return sql.Composed([sql.Identifier(name)])


def _array(name: str, kind: str) -> sql.Composed:
    """Return the placeholder of one column's values; lists of lists would not keep their bounds."""
    place = sql.Placeholder(name, format=PyFormat.BINARY)
    return sql.SQL("{}::{}[]").format(place, sql.SQL(_sent(kind)))


@cache
def _kinds(columns: tuple[Typed, ...]) -> list[str]:
    return [_sent(kind) for _, kind in columns]


def _sent(kind: str) -> str:
    return "text" if kind == "text[]" else kind


def _typed(resource: Resource) -> list[Typed]:
    return [(column.name, column.sql) for column in resource.columns]
