"""What differs between a table and what it should hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of one row; a row that is missing, or one too many, is told by its first column."""

    table: str
    key: str
    column: str
    stored: str | None
    expected: str | None


@dataclass(slots=True)
class Drift:
    """How many rows differ, and the columns of the first of them."""

    rows: int = 0
    shown: list[Difference] = field(default_factory=list)

    def show(self, differences: Iterable[Difference]) -> None:
        """Keep the columns of a row that differs, as long as there is room."""
        self.shown += list(differences)[: MOST_SHOWN - len(self.shown)]


def between(
    table: str, key: str, stored: Mapping[str, Any] | None, expected: Mapping[str, Any] | None
) -> list[Difference]:
    """Return the columns in which a row differs from what it should be; None is no row."""
    if stored is None or expected is None:
        first = next(iter(stored or expected or {"": None}))
        return [Difference(table, key, first, _told(stored, first), _told(expected, first))]
    return [
        Difference(table, key, column, _told(stored, column), _told(expected, column))
        for column in expected
        if stored[column] != expected[column]
    ]


def compare(
    drift: Drift,
    table: str,
    stored: Mapping[tuple[Any, ...], Mapping[str, Any]],
    expected: Mapping[tuple[Any, ...], Mapping[str, Any]],
) -> None:
    """Compare two tables row by row; a row of nothing but zeros is as good as none."""
    for key in sorted({*stored, *expected}):
        was, due = (rows.get(key) for rows in (stored, expected))
        if not any((was or {}).values()) and not any((due or {}).values()):
            continue
        found = between(table, " ".join(map(str, key)), was, due)
        if found:
            drift.rows += 1
            drift.show(found)


def _told(row: Mapping[str, Any] | None, column: str) -> str | None:
    value = row[column] if row is not None else None
    return None if value is None else str(value)
