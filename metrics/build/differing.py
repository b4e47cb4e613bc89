"""Some payers' rows in place: compared in memory with what is stored, and only those that differ written."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from metrics.build import rows
from metrics.build.packing import encode
from metrics.build.pipeline import Road, packed
from metrics.build.rows import Row, Table
from metrics.build.write import Build, Scope, quoted
from metrics.core.ledger import Segment

TABLES = (
    rows.CONFIGURATION,
    rows.INVOICED,
    rows.UNUSED,
    rows.DATED,
    rows.SEGMENT,
    rows.MOVEMENT,
    rows.BALANCE,
)
# What follows from the segments as they stand, whatever shows them.
MOVING = (rows.MOVEMENT, rows.BALANCE)
READ = (
    "SELECT {names} FROM {table} AS old "
    "WHERE {own} AND old.connection_id = %s AND old.customer_id = ANY(%s::text[])"
)
# A row is written over under its key; one with a new key comes, one whose key is no longer wanted goes.
WRITE = (
    "WITH gone AS (DELETE FROM {table} AS old USING json_to_recordset(%s::json) AS key ({keys}) "
    "WHERE {own} AND old.connection_id = %s AND {same}) "
    "INSERT INTO {table} ({lead}, connection_id, {columns}) "
    "SELECT {constants}, %s, {values} FROM json_to_recordset(%s::json) AS new ({typed}) "
    "ON CONFLICT ({lead}, {key}) DO UPDATE SET {changes}"
)
# As in JSON; exact for every instant, however far.
KINDS = {"instant": "bigint", "day": "date", "texts": "text[]", "document": "jsonb"}
INSTANT = (
    "timestamptz 'epoch' + make_interval(days => ({0} / 86400)::integer, secs => ({0} %% 86400)::integer)"
)
Facts = tuple[Any, ...]
# In a tenth of the time that the driver takes.
_document = msgspec.json.Decoder().decode


class Shape(NamedTuple):
    """A table's columns but for the connection, what picks some of a row, places, and its statements."""

    names: tuple[str, ...]
    key: Callable[[Facts], Facts]
    plain: Callable[[Row], Facts]
    documents: tuple[int, ...]
    customer: int
    read: str
    write: str

    def read_back(self, found: list[Facts]) -> list[Facts]:
        """Return rows as they come, documents as what they hold."""
        for place in self.documents:
            found = [(*row[:place], _document(row[place]), *row[place + 1 :]) for row in found]
        return found


class Held:
    """What is stored of some payers of one connection."""

    def __init__(self, build: Build, scope: Scope, road: Road) -> None:
        self.build, self.scope = build, scope
        self._names = packed("text", scope.customer_ids or ())
        self._asked = {table: self._ask(road, table) for table in TABLES}
        self._rows: dict[Table, list[Facts]] = {}

    def receive(self) -> None:
        """Take in the answers, after the block in which they were asked for."""
        self._rows = {table: found.fetchall() for table, found in self._asked.items()}

    def ledgers(self) -> Mapping[str, list[Segment]]:
        """Return the stored segments of each payer, by item and time."""
        found: dict[str, list[Segment]] = {}
        for customer_id, *row in sorted(self._rows[rows.SEGMENT], key=shape(rows.SEGMENT).key):
            found.setdefault(customer_id, []).append(rows.segment(row))
        return found

    def movements(self) -> Mapping[str, list[Facts]]:
        """Return the stored movements of each payer, their documents as text."""
        found: dict[str, list[Facts]] = defaultdict(list)
        for row in self._rows[rows.MOVEMENT]:
            found[row[0]].append(row)
        return found

    def replace(self, wanted: Mapping[Table, Sequence[Row]], unmoved: Set[str], road: Road) -> None:
        """Make what is stored equal to the given rows; of movements and balances, but for some payers."""
        for table, given in wanted.items():
            gone, come = self._differences(table, given, unmoved if table in MOVING else ())
            if gone or come:
                self._write(road, table, gone, come)

    def _ask(self, road: Road, table: Table) -> Any:
        bound = (*self.build.lead(table), self.scope.connection_id, self._names)
        return road.send(shape(table).read, bound)

    def _differences(
        self, table: Table, given: Sequence[Row], unmoved: Collection[str]
    ) -> tuple[list[Facts], list[Facts]]:
        of, rows_held = shape(table), self._rows[table]
        if unmoved:
            rows_held = [row for row in rows_held if row[of.customer] not in unmoved]
        rows_held, fresh = of.read_back(rows_held), [*map(of.plain, given)]
        # Nearly always, for both come in the order of their keys.
        if rows_held == fresh:
            return [], []
        held = dict(zip(map(of.key, rows_held), rows_held, strict=True))
        # Of two rows under one key the first counts, as where rows are copied.
        wanted = {of.key(row): row for row in reversed(fresh)}
        come = [row for key, row in wanted.items() if held.get(key) != row]
        return [key for key in held if key not in wanted], come

    def _write(self, road: Road, table: Table, gone: list[Facts], come: list[Facts]) -> None:
        of, lead, connection_id = shape(table), self.build.lead(table), self.scope.connection_id
        names = [name for name in table.key if name != "connection_id"]
        values = (_json(names, sorted(gone)), *lead, connection_id, *lead, connection_id)
        road.send(of.write, (*values, _json(of.names, sorted(come, key=of.key))))


def _json(names: Sequence[str], found: Iterable[Facts]) -> str:
    return encode([dict(zip(names, row, strict=True)) for row in found]).decode()


@lru_cache
def shape(table: Table) -> Shape:
    """Return how a table's rows are compared, read and written."""
    own = {name: kind for name, kind in table.columns.items() if name != "connection_id"}
    key = [name for name in table.key if name != "connection_id"]
    names = list(own)
    typed = {name: KINDS.get(kind, kind) for name, kind in own.items()}
    parts = {
        "table": table.name,
        "names": ", ".join(_selected(name, kind) for name, kind in own.items()),
        "columns": quoted(own),
        "lead": quoted(table.lead),
        "own": " AND ".join(f"old.{name} = %s" for name in table.lead),
        "constants": ", ".join(["%s"] * len(table.lead)),
        "key": quoted(table.key),
        "keys": ", ".join(f'"{name}" {typed[name]}' for name in key),
        "same": " AND ".join(f'old."{name}" = {_stored("key", name, own[name])}' for name in key),
        "typed": ", ".join(f'"{name}" {kind}' for name, kind in typed.items()),
        "values": ", ".join(_stored("new", name, kind) for name, kind in own.items()),
        "changes": ", ".join(f'"{name}" = excluded."{name}"' for name in [*own] if name not in key)
        or f"{key[0]} = excluded.{key[0]}",
    }
    return Shape(
        tuple(own),
        _picking([names.index(name) for name in key]),
        _picking([place for place, name in enumerate(table.columns) if name != "connection_id"]),
        tuple(place for place, kind in enumerate(own.values()) if kind == "document"),
        names.index("customer_id"),
        READ.format(**parts),
        WRITE.format(**parts),
    )


def _picking(places: Sequence[int]) -> Callable[[Facts], Facts]:
    """Return what picks these places of a row, also where there is one alone."""
    first, end = places[0], places[-1] + 1
    return itemgetter(slice(first, end)) if [*places] == [*range(first, end)] else itemgetter(*places)


def _selected(name: str, kind: str) -> str:
    if kind == "instant":
        return f"extract(epoch FROM old.{name})::bigint"
    return f'old."{name}"::text' if kind == "document" else f'old."{name}"'


def _stored(source: str, name: str, kind: str) -> str:
    column = f'{source}."{name}"'
    return INSTANT.format(column) if kind == "instant" else column
