"""Columns of an export: what a cell holds, in which unit, and how a row of them is laid out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from metrics.core.money import major
from metrics.extracts.cursors import Row
from metrics.model import written


class Kind(StrEnum):
    """What a cell holds; the unit says what its number counts."""

    TEXT = "text"
    WORDS = "words"
    COUNT = "count"
    MICRO = "micro"
    MAJOR = "major"
    RATE = "rate"
    NUMBER = "number"
    DAY = "day"
    MONTH = "month"
    INSTANT = "instant"
    FLAG = "flag"

    @property
    def unit(self) -> str:
        """Return what a cell counts or how it is written."""
        return UNITS.get(self, "")


UNITS = {
    Kind.WORDS: "words, joined by a space in CSV",
    Kind.MICRO: "millionths of the currency's minor unit, exact",
    Kind.MAJOR: "major units of the currency, rounded to its decimals",
    Kind.RATE: "a fraction: 0.05 is 5 %",
    Kind.NUMBER: "a number with up to six decimals",
    Kind.DAY: "YYYY-MM-DD, of the organization's calendar",
    Kind.MONTH: "YYYY-MM, of the organization's calendar",
    Kind.INSTANT: "ISO 8601, UTC",
    Kind.FLAG: "true or false",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `of` names the one in micro units that it tells in major units of `currency`'s.

    `personal` ones hold a payer's name or address.
    """

    name: str
    kind: Kind = Kind.TEXT
    of: str = ""
    personal: bool = False
    currency: str = "currency"


def amount(name: str, currency: str = "currency") -> tuple[Column, Column]:
    """Return a sum of money twice: for people in major units, and exact beside it."""
    exact = f"{name}_micro"
    return Column(name, Kind.MAJOR, of=exact, currency=currency), Column(exact, Kind.MICRO)


class Layout:
    """How the values of a table's rows become cells, with what is personal or without."""

    def __init__(self, columns: Sequence[Column], *, personal: bool) -> None:
        given = [column.name for column in columns if not column.of]
        self._places = {name: place for place, name in enumerate(given)}
        self.columns = [column for column in columns if personal or not column.personal]
        self._cells = [
            (self._places[each.of or each.name], TOLD[each.kind], self._places.get(each.currency, -1))
            for each in self.columns
        ]

    @property
    def names(self) -> list[str]:
        """Return the header."""
        return [column.name for column in self.columns]

    def cells(self, row: Row) -> list[Any]:
        """Return a row's cells as values: text, integers, decimals, lists; None where undefined."""
        return [
            None
            if row[place] is None
            else _in_major(row[place], row[currency])
            if told is None
            else told(row[place])
            for place, told, currency in self._cells
        ]


def _in_major(micro: Any, currency: str) -> Decimal:
    rounded = major(int(micro), currency)
    # Nothing is no less than nothing, however it was rounded.
    return rounded or abs(rounded)


def _day(value: date) -> str:
    return value.isoformat()


def _month(value: date) -> str:
    return f"{value:%Y-%m}"


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.microsecond else written(value)


def _same(value: Any) -> Any:
    return value


# How a value becomes a cell; money in major units needs its currency as well.
TOLD: dict[Kind, Callable[[Any], Any] | None] = {
    Kind.TEXT: str,
    Kind.WORDS: list,
    Kind.COUNT: int,
    Kind.MICRO: int,
    Kind.MAJOR: None,
    Kind.RATE: _same,
    Kind.NUMBER: _same,
    Kind.DAY: _day,
    Kind.MONTH: _month,
    Kind.INSTANT: _instant,
    Kind.FLAG: _same,
}


def rate(value: Any) -> Decimal | None:
    """Return a fraction with six decimals, None where it is undefined."""
    return None if value is None else Decimal(round(value * 1_000_000)).scaleb(-6)
