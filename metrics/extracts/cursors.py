"""One statement's rows, however many: read as one snapshot over several transactions."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import uuid4

from django.db import Error, connection

from metrics.evidence.pages import fetched

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """A statement whose rows come in one order, and what it binds.

    `counting` counts them or more, without an order and up to a limit: what would be too many is not sorted.
    """

    statement: str
    bound: Mapping[str, Any]
    counting: str = ""

    def exceeds(self, most: int) -> bool:
        """Say whether there may be more rows than so many."""
        if not self.counting:
            return False
        counted = f"SELECT count(*) FROM (SELECT 1 {self.counting} LIMIT {most + 1}) AS counted"  # noqa: S608
        ((count,),) = fetched(counted, dict(self.bound))
        return bool(count > most)

    def first(self, most: int) -> list[Row]:
        """Return at most so many rows."""
        return fetched(f"{self.statement} LIMIT {most}", dict(self.bound))


class HeldCursor:
    """The rows of a statement as they were when it was opened, in the transaction and tenant of then.

    The server keeps them in a file from that transaction's end until the cursor is closed or the connection
    ends, so that each piece can be committed by itself.
    """

    def __init__(self, extract: Extract, skip: int = 0) -> None:
        self._name = f"held_{uuid4().hex}"
        opening = f"DECLARE {self._name} NO SCROLL CURSOR WITH HOLD FOR {extract.statement} OFFSET {skip}"
        with connection.cursor() as cursor:
            cursor.execute(opening, dict(extract.bound))

    def take(self, count: int) -> list[Row]:
        """Return the next rows, fewer at the end."""
        return fetched(f"FETCH FORWARD {count} FROM {self._name}", {})

    def __enter__(self) -> "HeldCursor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the cursor; with a connection that broke, it is gone already."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CLOSE {self._name}")
        except Error:
            connection.close()
