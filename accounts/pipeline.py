"""Prepared statements, several in one round trip where that helps; each is planned once a connection."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import Cursor

Bound = Sequence[Any] | Mapping[str, Any]
Answer = Cursor[tuple[Any, ...]]


class Road:
    """Take statements now; their answers are there after the block."""

    def send(self, statement: str | bytes, values: Bound = ()) -> Answer:
        """Send one statement; binary results."""
        # Planning costs more than the run where a statement is for one payer.
        return Cursor(connection.connection).execute(statement, values, binary=True, prepare=True)


@contextmanager
def together() -> Iterator[Road]:
    """Send the block's statements without waiting for each other's answers."""
    with _preparing(), connection.connection.pipeline():
        yield Road()


def ask(statement: str | bytes, values: Bound = ()) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with _preparing():
        return Road().send(statement, values).fetchall()


def tell(statement: str | bytes, values: Bound = ()) -> int:
    """Run one statement and return how many rows it wrote."""
    with _preparing():
        return Road().send(statement, values).rowcount


@contextmanager
def _preparing() -> Iterator[None]:
    """Let statements be prepared for the block, which Django switches off for its own."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        ours = connection.connection
        before, ours.prepare_threshold = ours.prepare_threshold, 0
        try:
            yield
        finally:
            ours.prepare_threshold = before
