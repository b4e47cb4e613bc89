"""What every page asks: by statements that are planned once a connection, and that Django's wrappers hear."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from accounts.pipeline import Answer, Bound, Found, Road, together


class Asked(NamedTuple):
    """A statement and what is bound to it."""

    statement: str
    values: Bound = ()


_known: ContextVar[list[tuple[Asked, Answer]]] = ContextVar("known")


class _Logged(CursorDebugWrapper):
    """Log a statement as it was given: a prepared one is not written out with its values."""

    def execute(self, sql: Any, params: Any = None) -> None:
        with self.debug_sql(sql, params):
            CursorWrapper.execute(self, sql, params)


class _Sending:
    """What Django's wrappers take for a cursor: it sends a statement, to be run by its name."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.answer = Answer()

    def execute(self, sql: str, params: Bound = ()) -> None:
        self.answer = self.road.send(sql, params, binary=False)


def read(statement: str, values: Bound = ()) -> list[Found]:
    """Return the rows of a statement whose planning would take longer than its run."""
    asked, known = Asked(statement, values), _known.get([])
    for place, (one, answer) in enumerate(known):
        if one == asked:
            del known[place]
            return answer.fetchall()
    with together() as road:
        answer = _sent(road, asked)
    return answer.fetchall()


@contextmanager
def ahead(*asked: Asked) -> Iterator[None]:
    """Read in one round trip what the block is going to read, each of it once; it writes nothing before."""
    with together() as road:
        known = [(one, _sent(road, one)) for one in asked]
    token = _known.set([*_known.get([]), *known])
    try:
        yield
    finally:
        _known.reset(token)


def _sent(road: Road, asked: Asked) -> Answer:
    # Django's own cursors bind in the text, so that each statement would be another.
    heard, cursor = _Logged if road.database.queries_logged else CursorWrapper, _Sending(road)
    heard(cast(Any, cursor), road.database).execute(asked.statement, asked.values)
    return cursor.answer
