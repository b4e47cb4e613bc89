"""Objects that cannot be: without an id, of a wrong type, with text no database takes, or gigantic."""

from functools import lru_cache
from hashlib import blake2b
from typing import Any
from zlib import crc32

import msgspec

from .faults import MANNERS, Faults
from .objects.json import Json

# A private character that stands for half of a surrogate pair until the answer is bytes.
HALF_A_PAIR, ESCAPED = "\ue0ff", b"\\ud83d"
NUL = "\x00"
MEGABYTE = 1 << 20


def mark(faults: Faults, salt: str, identity: str, sides: int = 1_000) -> int:
    """Return an object's throw of dice with so many sides, always the same for one seed."""
    digest = blake2b(f"{faults.seed}/{salt}/{identity}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) % sides


def struck(faults: Faults, salt: str, identity: str, one_per: int) -> bool:
    """Return whether an object is the one per so many that a fault strikes."""
    return one_per > 0 and mark(faults, salt, identity, one_per) == 0


def spoiled(faults: Faults, name: str, shown: Json) -> Any:
    """Return an object of a list's name as the faults leave it."""
    if faults.malformed_in not in ("", name):
        return shown
    if struck(faults, "gigantic", shown["id"], faults.gigantic):
        metadata = {**(shown.get("metadata") or {}), "gigantic": _gigantic(faults.gigantic_mb)}
        return {**shown, "metadata": metadata}
    if struck(faults, "malformed", shown["id"], faults.malformed):
        return _malformed(shown, faults.malformed_as or _manner(shown["id"]))
    return shown


def encoded(shown: Any, faults: Faults) -> bytes:
    """Return an answer's bytes."""
    body = msgspec.json.encode(shown)
    return body.replace(HALF_A_PAIR.encode(), ESCAPED) if faults.malformed else body


def _manner(identity: str) -> str:
    return MANNERS[crc32(identity.encode()) % len(MANNERS)]


def _malformed(shown: Json, manner: str) -> Any:
    if manner == "no_id":
        return {key: value for key, value in shown.items() if key != "id"}
    if manner == "no_object":
        return "a word where an object should be"
    text = f"broken {NUL if manner == 'nul' else HALF_A_PAIR} text"
    return {**shown, "metadata": {**(shown.get("metadata") or {}), "note": text}}


@lru_cache(maxsize=1)
def _gigantic(megabytes: int) -> str:
    return "x" * (megabytes * MEGABYTE)
