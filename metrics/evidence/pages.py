"""One page of rows behind a number, with what all of them come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection

PAGE = 50
BUILT = """organization_id = %(organization)s AND (definition_version, build) = (
        SELECT definition_version, build FROM metrics_currentbuild WHERE organization_id = %(organization)s
    )"""
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Moved:
    """One customer's movement in one window; `amount_micro` is signed, `at` is 0 but for windows by event."""

    on: date
    connection_id: UUID
    customer_id: str
    at: int
    kind: str
    amount_micro: int
    reasons: tuple[str, ...]
    name: str

    @property
    def key(self) -> tuple[date, UUID, str, int]:
        """Return the row's place among all rows, newest first."""
        return self.on, self.connection_id, self.customer_id, self.at


@dataclass(frozen=True, slots=True)
class Held:
    """What one customer holds of a balance at an instant."""

    amount_micro: int
    connection_id: UUID
    customer_id: str
    name: str

    @property
    def key(self) -> tuple[int, UUID, str]:
        """Return the row's place among all rows, largest first."""
        return self.amount_micro, self.connection_id, self.customer_id


@dataclass(frozen=True, slots=True)
class Page(Generic[Line]):
    """Some rows of many: how many there are, what they sum to, and whether more follow these.

    A count or total that no table keeps, and that too many rows would tell, is None. The next page begins
    after `looked_to` where that lies beyond the last row. Of customers that were looked for by name, there
    are more than were taken where `more_found`.
    """

    lines: Sequence[Line]
    count: int | None
    total_micro: int | None
    more: bool
    by_customer: bool = False
    looked_to: Any = None
    more_found: bool = False

    @property
    def next_key(self) -> Any:
        """Return the key after which the next page begins, None after the last."""
        if not self.more:
            return None
        last: Any = self.lines[-1] if self.lines else None
        return self.looked_to or last.key


def fetched(statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement in the tenant's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(statement, bound)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
