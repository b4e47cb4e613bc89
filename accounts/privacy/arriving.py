"""Read an archive into an installation that does not have its organization."""

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from uuid import UUID

import msgspec
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import BinaryField
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg import sql

from accounts.audit import record
from accounts.models import Membership, Organization, Role, User
from accounts.organizations import free_slug
from accounts.privacy.archive import FORMAT, MANIFEST
from accounts.privacy.tables import Exported, columns_of, exported, is_person
from accounts.tenancy import tenant

AT_ONCE = 1_000
LARGEST_LINE = 64_000_000
Row = dict[str, msgspec.Raw]
_decode = msgspec.json.Decoder(Row).decode
_encode = msgspec.json.Encoder().encode


class ArchiveError(ValueError):
    """Raised where a file cannot be imported; its text says why, and what to do."""


def read(file: IO[bytes]) -> Organization:
    """Import an archive, whole or not at all; return its organization."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            with transaction.atomic():
                return _arrive(archive, manifest)
    except (zipfile.BadZipFile, EOFError):
        raise ArchiveError(_("This file is not an archive of Millrace, or it is damaged.")) from None


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        told = json.loads(archive.read(MANIFEST))
        known = told["format"] == FORMAT and set(told["rows"]) <= set(exported())
    except (KeyError, ValueError, TypeError):
        raise ArchiveError(_("This file is not an archive of Millrace, or it is damaged.")) from None
    if not known:
        raise ArchiveError(_("Another release of Millrace wrote this archive. Import it with that release."))
    return dict(told)


def _arrive(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Organization:
    organization = _organization(manifest["organization"])
    people = {str(one["id"]): _member(organization, one) for one in manifest["members"]}
    with tenant(organization.id):
        for table, rows in manifest["rows"].items():
            _fill(archive, organization.id, exported()[table], people, rows)
        record("organization.imported", actor=None, subject=organization.slug, made_at=manifest["made_at"])
    return organization


def _organization(told: dict[str, Any]) -> Organization:
    identity = UUID(told["id"])
    if Organization.objects.filter(id=identity).exists():
        raise ArchiveError(
            _("This installation has the organization already. Import it elsewhere, or delete it here first.")
        )
    organization = Organization.objects.create(
        id=identity,
        slug=free_slug(told["slug"]),
        name=told["name"],
        time_zone=told["time_zone"],
        currency=told["currency"],
    )
    made_at = datetime.fromisoformat(told["created_at"])
    Organization.objects.filter(id=identity).update(created_at=made_at)
    return organization


def _member(organization: Organization, told: dict[str, Any]) -> int:
    """Let a person in as she was; who has no account here gets one, and asks for a password."""
    email = told["email"].lower()
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email)
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": Role(told["role"])}
    )
    return user.id


def _fill(
    archive: zipfile.ZipFile, organization_id: UUID, one: Exported, people: dict[str, int], told: int
) -> None:
    """Write a table's rows; fewer or more than were told, and the archive is damaged."""
    given, arrived = None, 0
    statement = ""
    for rows in _chunks(archive, one):
        columns = set(_decode(rows[0]))
        if columns != given:
            given, statement = columns, _statement(one, columns).as_string(connection.connection)
        content = b"[" + b",".join(_plain(one, row) for row in rows) + b"]"
        with connection.cursor() as cursor:
            bound: dict[str, Any] = {
                "organization": organization_id,
                "rows": content.decode(),
                "people": json.dumps(people),
            }
            cursor.execute(statement, bound)
        arrived += len(rows)
    if arrived != told:
        text = ngettext(
            "The archive is damaged: %(table)s has %(found)d row, not %(told)d. Export it again.",
            "The archive is damaged: %(table)s has %(found)d rows, not %(told)d. Export it again.",
            arrived,
        )
        raise ArchiveError(text % {"table": one.table, "found": arrived, "told": told})


def _chunks(archive: zipfile.ZipFile, one: Exported) -> Iterator[list[bytes]]:
    try:
        entry = archive.open(f"{one.table}.jsonl")
    except KeyError:
        return
    rows: list[bytes] = []
    with entry:
        while line := entry.readline(LARGEST_LINE):
            rows.append(line)
            if len(rows) == AT_ONCE:
                yield rows
                rows = []
    if rows:
        yield rows


def _plain(one: Exported, line: bytes) -> bytes:
    """Return a row as JSON whose packed columns are PostgreSQL's words for bytes."""
    if not one.packed:
        return line
    row: dict[str, Any] = _decode(line)
    for name, packing in one.packed.items():
        if bytes(row[name]) != b"null":
            row[name] = "\\x" + packing.pack(bytes(row[name])).hex()
    return _encode(row)


def _statement(one: Exported, given: set[str]) -> sql.Composed:
    columns = columns_of(one.table)
    if not given <= columns.keys():
        raise ArchiveError(_("Another release of Millrace wrote this archive. Import it with that release."))
    chosen: dict[str, sql.Composable] = {
        name: sql.SQL("given.{}").format(sql.Identifier(name)) for name in columns if name in given
    }
    wanted = []
    for name in (name for name in chosen if is_person(columns[name])):
        person = sql.SQL("(%(people)s::jsonb ->> given.{}::text)::bigint").format(sql.Identifier(name))
        chosen[name] = person
        if not columns[name].null:
            wanted.append(sql.SQL("{} IS NOT NULL").format(person))
    for name in one.secrets:
        chosen[name] = sql.SQL("''::bytea" if isinstance(columns[name], BinaryField) else "''")
    chosen |= {name: sql.SQL(expression) for name, expression in one.instead.items()}
    return sql.SQL(
        "INSERT INTO {table} (organization_id, {names}) SELECT %(organization)s, {chosen} "
        "FROM json_populate_recordset(NULL::{table}, %(rows)s::json) AS given {where}"
    ).format(
        table=sql.Identifier(one.table),
        names=sql.SQL(", ").join(map(sql.Identifier, chosen)),
        chosen=sql.SQL(", ").join(chosen.values()),
        where=sql.SQL("WHERE {}").format(sql.SQL(" AND ").join(wanted)) if wanted else sql.SQL(""),
    )
