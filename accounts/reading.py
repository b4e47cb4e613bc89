"""What every page asks: by statements that are planned once a connection, and that Django's wrappers hear."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg import Cursor

Bound = Sequence[Any] | Mapping[str, Any]


class _Logged(CursorDebugWrapper):
    """Log a statement as it was given: a prepared one is not written out with its values."""

    def execute(self, sql: Any, params: Any = None) -> None:
        with self.debug_sql(sql, params):
            CursorWrapper.execute(self, sql, params)


def read(statement: str, values: Bound = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a statement whose planning would take longer than its run."""
    connection.ensure_connection()
    ours = connection.connection
    heard = _Logged if connection.queries_logged else CursorWrapper
    # Django's own cursors bind in the text, so that each statement would be another.
    before, ours.prepare_threshold = ours.prepare_threshold, 0
    try:
        with heard(cast(Any, Cursor(ours)), connection) as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    finally:
        ours.prepare_threshold = before
