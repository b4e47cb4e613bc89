"""A backup: one line that says what is needed to read it, then PostgreSQL's own dump of everything."""

import hashlib
import hmac
import json
import os
import subprocess
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BinaryField
from psycopg import sql

from accounts import secrets
from accounts.privacy.programs import environment, program
from config.clock import now

FORMAT = 1
LONGEST_HEADER = 100_000
CHUNK = 1 << 20
TRAILER = 65
KIND = "millrace backup"
KEY_IDS = sql.SQL(
    "SELECT DISTINCT substring({column} FROM 3 FOR get_byte({column}, 1)) FROM {table} "
    "WHERE length({column}) > 2"
)


class BackupError(RuntimeError):
    """Raised where a backup cannot be made or read; its text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself: its migrations, and a check of each key that its secrets need."""

    made_at: str
    migrations: list[str]
    keys: dict[str, str]


def write(file: IO[bytes]) -> None:
    """Write a backup of the whole database, as its owner sees it; its last line is the dump's own hash."""
    told = {"kind": KIND, "format": FORMAT, **_header()}
    file.write(json.dumps(told).encode() + b"\n")
    arguments = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--schema=public"]
    digest = hashlib.sha256()
    with subprocess.Popen(  # noqa: S603
        [program("pg_dump"), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as dumping:
        assert dumping.stdout
        assert dumping.stderr
        while chunk := dumping.stdout.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
        trouble = dumping.stderr.read().decode(errors="replace").strip()
    if dumping.returncode:
        raise BackupError(f"pg_dump failed: {trouble}")
    file.write(digest.hexdigest().encode() + b"\n")


def dump_of(file: IO[bytes]) -> "Dump":
    """Return the dump that follows the header, read through once: a damaged file is refused."""
    start, end = file.tell(), file.seek(0, os.SEEK_END) - TRAILER
    dump, digest = Dump(file, end), hashlib.sha256()
    file.seek(start)
    while chunk := dump.read(CHUNK):
        digest.update(chunk)
    if file.read(TRAILER) != digest.hexdigest().encode() + b"\n":
        raise BackupError("This backup is damaged, or was not written to its end. Nothing was changed.")
    file.seek(start)
    return dump


@dataclass(frozen=True, slots=True)
class Dump:
    """The part of an open file that ends at a place."""

    file: IO[bytes]
    end: int

    def read(self, most: int) -> bytes:
        """Return some bytes, none at the end."""
        return self.file.read(max(0, min(most, self.end - self.file.tell())))


def read_header(file: IO[bytes]) -> Header:
    """Read the first line of a backup; what follows is the dump."""
    try:
        told = json.loads(file.readline(LONGEST_HEADER))
        if told["kind"] != KIND:
            raise ValueError
        if told["format"] != FORMAT:
            raise BackupError("Another release of Millrace made this backup. Restore it with that release.")
        return Header(told["made_at"], told["migrations"], told["keys"])
    except (ValueError, KeyError, TypeError):
        raise BackupError("This file is not a backup of Millrace.") from None


def key_check(key: bytes) -> str:
    """Return what tells whether a key is the one that is needed, and nothing more of it."""
    return hmac.new(key, KIND.encode(), hashlib.sha256).hexdigest()[:16]


def _header() -> dict[str, object]:
    recorder = MigrationRecorder(connections["owner"])
    known = secrets.keys()
    needed = _needed_keys()
    if lost := sorted(needed - known.keys()):
        raise BackupError(f"ENCRYPTION_KEYS lacks {', '.join(lost)}, under which secrets are kept. Add it.")
    return {
        "made_at": now().isoformat(),
        "migrations": sorted(".".join(one) for one in recorder.applied_migrations()),
        "keys": {name: key_check(known[name]) for name in sorted(needed)},
    }


def _needed_keys() -> set[str]:
    """Return the ids of the keys under which anything is encrypted, in every organization."""
    found = {bytes(name).decode() for name in _in_columns()}
    for data in Authenticator.objects.values_list("data", flat=True):
        for value in data.values():
            found |= {_key_of(value)} - {""}
    return found


def _in_columns() -> Iterator[bytes]:
    with connections["owner"].cursor() as cursor:
        for model in apps.get_models():
            for one in model._meta.concrete_fields:
                if isinstance(one, BinaryField) and one.column and one.column.endswith("_encrypted"):
                    names = {"table": model._meta.db_table, "column": one.column}
                    cursor.execute(KEY_IDS.format(**{key: sql.Identifier(v) for key, v in names.items()}))
                    yield from (name for (name,) in cursor.fetchall())


def _key_of(value: object) -> str:
    """Return the id of the key of a secret of two-step sign-in; nothing where the value is none."""
    try:
        return secrets.key_of(b64decode(value, validate=True)) if isinstance(value, str) else ""
    except (NotBase64, ValueError):
        return ""
