"""An object's JSON as it is stored: canonical, compressed, one blob each."""

import threading
from decimal import Decimal
from typing import Any

import msgspec
import zstandard

JsonObject = dict[str, Any]

LEVEL = 1
# Stripe's own objects are a hundredth of that, at most.
LARGEST = 10_000_000


class Identified(msgspec.Struct):
    """Any object of Stripe's, for its id alone."""

    id: str


_decoder = msgspec.json.Decoder(JsonObject, float_hook=Decimal)
_encoder = msgspec.json.Encoder(order="sorted")
# A zstd context is not for two threads at once.
_contexts = threading.local()


def read_payload(payload: bytes | memoryview) -> JsonObject:
    """Return the stored object; fractions arrive as Decimal."""
    decompressor = getattr(_contexts, "decompressor", None)
    if decompressor is None:
        decompressor = _contexts.decompressor = zstandard.ZstdDecompressor()
    return _decoder.decode(decompressor.decompress(payload))


def write_payload(value: JsonObject) -> bytes:
    """Return the object as stored bytes; equal objects give equal bytes."""
    compressor = getattr(_contexts, "compressor", None)
    if compressor is None:
        compressor = _contexts.compressor = zstandard.ZstdCompressor(level=LEVEL)
    packed: bytes = compressor.compress(_encoder.encode(value))
    return packed


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
