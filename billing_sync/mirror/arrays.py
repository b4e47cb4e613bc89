"""Pack a column's values as PostgreSQL's binary array, each distinct value once: most columns hold few."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any
from uuid import UUID

# Of one dimension, from index 1, possibly with NULLs: the type of its elements, then how many there are.
HEAD = Struct(">iiIii")
SIZE, WHOLE, SHORT = Struct(">i"), Struct(">iq"), Struct(">i?")
NULL = SIZE.pack(-1)
BEGAN, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def packed(kind: str, values: Sequence[Any]) -> bytes:
    """Return values of one SQL type, or None, as an array, for a place where a statement names its type."""
    oid, pack = KINDS[kind]
    if len(values) == 1:
        # What is fetched by itself has columns of one value each.
        (value,) = values
        return ALONE[oid] + (NULL if value is None else pack(value))
    words = {value: NULL if value is None else pack(value) for value in set(values)}
    head = HEAD.pack(1, 1, oid, len(values), 1)
    return head + b"".join(map(words.__getitem__, values))


def _bytes(value: bytes) -> bytes:
    return SIZE.pack(len(value)) + value


def _text(value: str) -> bytes:
    text = value.encode()
    return SIZE.pack(len(text)) + text


def _instant(value: datetime) -> bytes:
    return WHOLE.pack(8, (value - BEGAN) // MICROSECOND)


def _uuid(value: UUID) -> bytes:
    return _bytes(value.bytes)


KINDS: Mapping[str, tuple[int, Callable[[Any], bytes]]] = {
    "boolean": (16, lambda value: SHORT.pack(1, value)),
    "bytea": (17, _bytes),
    "bigint": (20, lambda value: WHOLE.pack(8, value)),
    "text": (25, _text),
    "timestamptz": (1184, _instant),
    "uuid": (2950, _uuid),
}
ALONE = {oid: HEAD.pack(1, 1, oid, 1, 1) for oid, _ in KINDS.values()}
