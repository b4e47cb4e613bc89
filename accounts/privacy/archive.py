"""Write everything of an organization as one file: a zip of JSON lines, a file for each table."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from accounts.members import members_of
from accounts.models import Organization
from accounts.privacy.tables import Exported, columns_of, exported, keys_of
from accounts.tenancy import tenant
from config.clock import now

FORMAT = 1
MANIFEST = "manifest.json"
AT_ONCE = 1_000
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


def write(organization: Organization, file: IO[bytes]) -> dict[str, int]:
    """Write an organization as it is at one instant; return the rows of each table."""
    with (
        one_instant(organization.id),
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        rows = {table: _write_table(archive, organization.id, one) for table, one in exported().items()}
        archive.writestr(MANIFEST, json.dumps(_manifest(organization, rows), indent=1))
    return rows


@contextmanager
def one_instant(organization_id: UUID) -> Iterator[None]:
    """Enter a tenant whose rows stay as they are, whoever writes meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SNAPSHOT)
        with tenant(organization_id):
            yield


def lines(organization_id: UUID, one: Exported) -> Iterator[bytes]:
    """Give a table's rows as JSON objects, in the order of its key."""
    statement = _statement(one).as_string(connection.connection)
    with connection.connection.cursor(name="archive") as cursor:
        cursor.itersize = AT_ONCE
        for plain, *packed in cursor.execute(statement, [organization_id]):
            yield _line(plain, one, packed)


def _write_table(archive: zipfile.ZipFile, organization_id: UUID, one: Exported) -> int:
    rows = 0
    with archive.open(f"{one.table}.jsonl", "w", force_zip64=True) as entry:
        for line in lines(organization_id, one):
            entry.write(line + b"\n")
            rows += 1
    return rows


def _statement(one: Exported) -> sql.Composed:
    """Return the query of a table's rows: its plain columns as JSON, then those that are packed."""
    plain = [name for name in columns_of(one.table) if name not in {*one.secrets, *one.packed}]
    return sql.SQL(
        "SELECT row_to_json(plain)::text {packed} FROM {table} AS kept CROSS JOIN LATERAL "
        "(SELECT {plain}) AS plain WHERE kept.organization_id = %s ORDER BY {keys}"
    ).format(
        packed=sql.SQL("").join(sql.SQL(", kept.{}").format(sql.Identifier(name)) for name in one.packed),
        plain=sql.SQL(", ").join(sql.SQL("kept.{}").format(sql.Identifier(name)) for name in plain),
        table=sql.Identifier(one.table),
        keys=sql.SQL(", ").join(sql.SQL("kept.{}").format(sql.Identifier(key)) for key in keys_of(one.table)),
    )


def _line(plain: str, one: Exported, packed: list[Any]) -> bytes:
    parts = [plain.encode().removesuffix(b"}")]
    for (name, packing), value in zip(one.packed.items(), packed, strict=True):
        text = b"null" if value is None else packing.unpack(bytes(value))
        parts.append(json.dumps(name).encode() + b":" + text)
    return b",".join(parts) + b"}"


def _manifest(organization: Organization, rows: dict[str, int]) -> dict[str, object]:
    names = ("name", "slug", "time_zone", "currency")
    return {
        "format": FORMAT,
        "made_at": now().isoformat(),
        "organization": {
            "id": str(organization.id),
            "created_at": organization.created_at.isoformat(),
            **{name: getattr(organization, name) for name in names},
        },
        "members": [
            {"id": one.user_id, "email": one.user.email, "role": one.role} for one in members_of(organization)
        ],
        "rows": rows,
    }
