"""Encrypt what must never be read from a copy of the database: AES-256-GCM, bound to its place."""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FORMAT = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 32


class SecretUnreadableError(RuntimeError):
    """Raised where a secret cannot be decrypted: wrong key, wrong place, or damaged."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The columns of a tenant's table that hold secrets, and the column that names a row among its own."""

    model: str
    row: str
    fields: tuple[str, ...]


_kept: dict[str, Kept] = {}


def keep(model: str, *fields: str, row: str) -> None:
    """Make known which columns hold secrets, so that a change of keys finds them."""
    _kept[model] = Kept(model, row, fields)


def kept() -> list[Kept]:
    """Return every place of organizations' secrets."""
    return list(_kept.values())


def encrypt(text: str, *, organization_id: UUID | None, model: str, field: str, row: str) -> bytes:
    """Encrypt a text under the first key; only the same organization, model, field and row can read it."""
    key_id = newest()
    key, nonce = keys()[key_id], os.urandom(NONCE_BYTES)
    place = _place(key_id, organization_id, model, field, row)
    name = key_id.encode()
    return FORMAT + bytes([len(name)]) + name + nonce + AESGCM(key).encrypt(nonce, text.encode(), place)


def decrypt(secret: bytes, *, organization_id: UUID | None, model: str, field: str, row: str) -> str:
    """Decrypt what `encrypt` made at the same place, or raise SecretUnreadableError."""
    data = bytes(secret)
    key_id = key_of(data)
    start = 2 + data[1]
    key = keys().get(key_id)
    if key is None:
        raise SecretUnreadableError(
            f"This secret needs the key {key_id!r}; ENCRYPTION_KEYS does not name it. Add it at the end."
        )
    nonce, ciphertext = data[start : start + NONCE_BYTES], data[start + NONCE_BYTES :]
    try:
        clear = AESGCM(key).decrypt(nonce, ciphertext, _place(key_id, organization_id, model, field, row))
    except (InvalidTag, ValueError):
        raise SecretUnreadableError(
            f"The key {key_id!r} does not open this secret: another key of that name, or another place."
        ) from None
    return clear.decode()


def key_of(secret: bytes) -> str:
    """Return the id of the key under which a secret was encrypted."""
    if len(secret) < 2 or secret[:1] != FORMAT:
        raise SecretUnreadableError("This is not an encrypted secret.")
    return secret[2 : 2 + secret[1]].decode("utf-8", "replace")


def newest() -> str:
    """Return the id of the key that encrypts, the first of `ENCRYPTION_KEYS`."""
    return next(iter(keys()))


def keys() -> dict[str, bytes]:
    """Return the keys of `ENCRYPTION_KEYS` by id, the encrypting one first."""
    return _parse(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _parse(entries: tuple[str, ...]) -> dict[str, bytes]:
    if not entries:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty; give id:key, 32 random bytes as base64.")
    parsed: dict[str, bytes] = {}
    for entry in entries:
        key_id, _, encoded = entry.partition(":")
        if not 0 < len(key_id) <= 64 or key_id in parsed:
            raise ImproperlyConfigured("ENCRYPTION_KEYS: each key needs an id of its own before a colon.")
        parsed[key_id] = _key(key_id, encoded)
    return parsed


def _key(key_id: str, encoded: str) -> bytes:
    padded = encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)
    try:
        key = base64.b64decode(padded.replace("+", "-").replace("/", "_"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"ENCRYPTION_KEYS: the key {key_id!r} must be 32 bytes as base64.")
    return key


def _place(key_id: str, organization_id: UUID | None, model: str, field: str, row: str) -> bytes:
    return json.dumps([key_id, str(organization_id or ""), model, field, row]).encode()
