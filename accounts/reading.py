"""What every page asks: by statements that are planned once a connection, and that Django's wrappers hear."""

from typing import Any, cast

from django.db import connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from accounts.pipeline import Bound, ask


class _Logged(CursorDebugWrapper):
    """Log a statement as it was given: a prepared one is not written out with its values."""

    def execute(self, sql: Any, params: Any = None) -> None:
        with self.debug_sql(sql, params):
            CursorWrapper.execute(self, sql, params)


class _Prepared:
    """What Django's wrappers take for a cursor: it has one statement run, by its name."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, params: Bound = ()) -> None:
        self.rows = ask(sql, params, binary=False)


def read(statement: str, values: Bound = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a statement whose planning would take longer than its run."""
    # Django's own cursors bind in the text, so that each statement would be another.
    heard, cursor = _Logged if connection.queries_logged else CursorWrapper, _Prepared()
    heard(cast(Any, cursor), connection).execute(statement, values)
    return cursor.rows
