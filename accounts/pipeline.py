"""Prepared statements, several in one round trip where that helps; each is planned once a connection."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import ProgrammingError, abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from accounts.wire import Statement, exchange

Bound = Sequence[Any] | dict[str, Any]
Found = tuple[Any, ...]

# `%s` or `%(name)s`, with `b` instead of `s` what is bound in binary; `%%` is a percent sign.
PLACE = re.compile(r"%(?:%|(?:\((\w+)\))?([sb]))")
# As PostgreSQL numbers types.
BYTES, UNTOLD = 17, 0
FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY}


class Answer:
    """What a statement returned, once its round trip is over."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self) -> None:
        self._rows: list[Found] = []
        self.rowcount = -1

    def fetchall(self) -> list[Found]:
        """Return its rows."""
        return self._rows

    def fetchone(self) -> Found | None:
        """Return its first row, if there is one."""
        return self._rows[0] if self._rows else None

    def take(self, result: PGresult, turning: abc.Transformer) -> None:
        """Read what the database sent."""
        if result.status != ExecStatus.TUPLES_OK:
            self.rowcount = result.command_tuples or 0
            return
        self.rowcount = result.ntuples
        turning.set_pgresult(result)
        self._rows = turning.load_rows(0, result.ntuples, tuple)


class Road:
    """Take statements now; their answers are there once it has travelled, at the latest after the block."""

    def __init__(self) -> None:
        # Looked up once: what Django gives as `connection` looks it up each time that it is touched.
        self.database = connections[DEFAULT_DB_ALIAS]
        self.database.ensure_connection()
        self._turning = _turning_of(self.database)
        self._sent: list[Statement] = []
        self._answers: list[Answer] = []

    def send(
        self, statement: str | bytes, values: Bound = (), *, prepare: bool = True, binary: bool = True
    ) -> Answer:
        """Take one statement; binary results unless they are to be as Django knows them."""
        text, turning = _numbered(statement), self._turning
        bound: Any = [values[name] for name in text.names] if isinstance(values, dict) else values
        if len(bound) != len(text.formats):
            raise ProgrammingError(f"The statement has {len(text.formats)} places, {len(bound)} are bound.")
        dumped = turning.dump_sequence(bound, text.formats)
        types, formats = turning.types or (), turning.formats or ()
        if BYTES in types:
            # Arrays are bytes as well: they are what the statement says they are.
            types = tuple([UNTOLD if one == BYTES else one for one in types])
        result = Format.BINARY if binary else Format.TEXT
        self._sent.append(Statement(text.statement, dumped, types, formats, result, prepare))
        self._answers.append(Answer())
        return self._answers[-1]

    def travel(self, *, commits: bool = False) -> None:
        """Run what was sent, and read the answers; then, if it is to, commit the transaction in progress."""
        if not self._sent:
            return
        answers, sent, self._answers, self._sent = self._answers, self._sent, [], []
        self.database.validate_no_broken_transaction()
        with self.database.wrap_database_errors:
            results = exchange(self.database.connection, sent, commits=commits)
            for answer, result in zip(answers, results, strict=True):
                answer.take(result, self._turning)
            # It outlives the answers, which may be large.
            self._turning.set_pgresult(None)


_turning: "WeakKeyDictionary[BaseDatabaseWrapper, abc.Transformer]" = WeakKeyDictionary()


def _turning_of(database: BaseDatabaseWrapper) -> abc.Transformer:
    """Return what turns values for a connection, and knows how once it has turned one of their kind."""
    known = _turning.get(database)
    if known is None or known.connection is not database.connection:
        known = _turning[database] = Transformer.from_context(database.connection)
    return known


@contextmanager
def together() -> Iterator[Road]:
    """Send the block's statements at its end, in one round trip; none where the block fails."""
    road = Road()
    yield road
    road.travel()


def ask(
    statement: str | bytes, values: Bound = (), *, prepare: bool = True, binary: bool = True
) -> list[Found]:
    """Run one statement and return its rows."""
    return _alone(statement, values, prepare=prepare, binary=binary).fetchall()


def tell(statement: str | bytes, values: Bound = ()) -> int:
    """Run one statement and return how many rows it wrote."""
    return _alone(statement, values).rowcount


def _alone(statement: str | bytes, values: Bound, *, prepare: bool = True, binary: bool = True) -> Answer:
    road = Road()
    answer = road.send(statement, values, prepare=prepare, binary=binary)
    road.travel()
    return answer


class _Numbered(NamedTuple):
    """A statement with numbered places: the names bound to them, if they have names, and their formats."""

    statement: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]


@lru_cache(maxsize=1_000)
def _numbered(statement: str | bytes) -> _Numbered:
    places: dict[str | int, int] = {}
    formats: list[PyFormat] = []

    def number(found: "re.Match[str]") -> str:
        name, kind = found.groups()
        if kind is None:
            return "%"
        key = name or len(places)
        if key not in places:
            places[key] = len(places) + 1
            formats.append(FORMATS[kind])
        return f"${places[key]}"

    text = PLACE.sub(number, statement if isinstance(statement, str) else statement.decode())
    return _Numbered(text.encode(), tuple(key for key in places if isinstance(key, str)), tuple(formats))
