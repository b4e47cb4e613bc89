"""An object's JSON as it is stored: canonical, compressed, one blob each.

Most of an object is the names of its keys, the same in every object of its kind. They stand in a dictionary
beside this module, so that a blob holds little more than what is the object's own. Blobs written without one
are read as well.
"""

import threading
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import zstandard

JsonObject = dict[str, Any]

LEVEL = 3
# What is written with it can be read with it alone: another one would stand beside it, not in its place.
DICTIONARY = Path(__file__).with_name("payloads.dictionary")
# Stripe's own objects are a hundredth of that, at most.
LARGEST = 10_000_000
# From so many on, compressing together is cheaper: each alone gives way to other threads and comes back.
MANY = 25


class Identified(msgspec.Struct):
    """Any object of Stripe's, for its id alone."""

    id: str


_decoder = msgspec.json.Decoder(JsonObject, float_hook=Decimal)
_encoder = msgspec.json.Encoder(order="sorted")
# A zstd context is not for two threads at once.
_contexts = threading.local()


def read_payload(payload: bytes | memoryview) -> JsonObject:
    """Return the stored object; fractions arrive as Decimal."""
    return _decoder.decode(unpacked(payload))


def write_payload(value: JsonObject) -> bytes:
    """Return the object as stored bytes; equal objects give equal bytes."""
    return packed(canonical(value))


def same_payload(stored: bytes, value: JsonObject) -> bool:
    """Say whether this object is stored in these bytes, however they were compressed."""
    text = canonical(value)
    return stored == packed(text) or unpacked(stored) == text


def canonical(value: JsonObject) -> bytes:
    """Return the object's one text."""
    return _encoder.encode(value)


def packed(text: bytes) -> bytes:
    """Return an object's text as stored bytes."""
    stored: bytes = _compressor().compress(text)
    return stored


def all_packed(texts: Sequence[bytes]) -> list[bytes]:
    """Return the texts of many objects as stored bytes, each the same as by itself."""
    if len(texts) < MANY:
        return [packed(text) for text in texts]
    given: list[bytes | bytearray | memoryview[int]] = [*texts]
    found = _compressor().multi_compress_to_buffer(given)
    return [found[number].tobytes() for number in range(len(found))]


def unpacked(payload: bytes | memoryview) -> bytes:
    """Return the text of an object that is stored in these bytes."""
    reader = getattr(_contexts, "decompressor", None)
    if reader is None:
        reader = _contexts.decompressor = decompressor()
    text: bytes = reader.decompress(payload)
    return text


def _compressor() -> zstandard.ZstdCompressor:
    found: zstandard.ZstdCompressor | None = getattr(_contexts, "compressor", None)
    if found is None:
        found = _contexts.compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary())
    return found


def decompressor() -> zstandard.ZstdDecompressor:
    """Return a reader of stored bytes, for one thread."""
    return zstandard.ZstdDecompressor(dict_data=_dictionary())


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    found = zstandard.ZstdCompressionDict(DICTIONARY.read_bytes())
    # Once for all compressors, and small: by itself each would digest it again.
    found.precompute_compress(level=LEVEL)
    return found


def decode_object(text: bytes | msgspec.Raw) -> JsonObject:
    """Return one object as Stripe sent it; raise ValueError with the reason where it is none."""
    size = memoryview(text).nbytes
    if size > LARGEST:
        raise ValueError(f"It is too large: {size // 1_000_000} MB.")
    try:
        return _decoder.decode(text)
    except UnicodeDecodeError:
        raise ValueError("It is not valid UTF-8.") from None
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None
    except msgspec.MsgspecError as error:
        raise ValueError(f"It is not a JSON object: {error}.") from None


def name_of(text: bytes | msgspec.Raw) -> str:
    """Return the id in an object's text, however large or wrong the rest; nothing where it has none."""
    try:
        return msgspec.json.decode(text, type=Identified).id[:255].replace("\x00", "\ufffd")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
