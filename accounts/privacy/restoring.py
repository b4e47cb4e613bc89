"""Put a backup in place of the database, whole or not at all, without what was deleted since it was made."""

import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from accounts import secrets
from accounts.models import AccountMail, Organization, Outbox
from accounts.privacy import ledger
from accounts.privacy.backup import CHUNK, BackupError, Dump, Header, dump_of, key_check, read_header
from accounts.privacy.programs import environment, program
from accounts.tenancy import tenant

BEGIN = "BEGIN; SET LOCAL lock_timeout = '20s';"
OURS = """
SELECT 'DROP TABLE public.' || quote_ident(c.relname) || ' CASCADE;' FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'DROP FUNCTION ' || p.oid::regprocedure || ';' FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
"""
UNPACK = ("--no-owner", "--no-privileges", "--schema=public", "--file=-")
WRITE = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
DROPPED = "The database was put back to an earlier day."


def check(file: IO[bytes]) -> Header:
    """Read a backup's header; raise BackupError unless this installation can use what follows."""
    header = read_header(file)
    known = set(MigrationLoader(None).disk_migrations)
    if not {(app, name) for app, _dot, name in (one.partition(".") for one in header.migrations)} <= known:
        raise BackupError("A newer release of Millrace made this backup. Restore it with that release.")
    keys = {name: key_check(key) for name, key in secrets.keys().items()}
    if wrong := sorted(name for name, told in header.keys.items() if keys.get(name) != told):
        raise BackupError(
            f"ENCRYPTION_KEYS does not open the secrets of this backup: it lacks {', '.join(wrong)}, or has "
            "another key of that name. Set ENCRYPTION_KEYS as it was when the backup was made."
        )
    return header


def remembered() -> set[ledger.Line]:
    """Return the deletions that the database to be replaced and the file of this installation know."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.accounts_deletion') IS NOT NULL")
        known = bool(cursor.fetchone()[0])
    return ledger.read(ledger.path()) | set(ledger.lines() if known else ())


def replace(file: IO[bytes]) -> None:
    """Replace every table by the dump in one transaction, then bring it up to this release."""
    dump = dump_of(file)
    connections.close_all()
    _run(dump, _drops())
    call_command("migrate", verbosity=0)


def settle(lines: Iterable[ledger.Line]) -> dict[str, int]:
    """Delete again what was deleted since, sign everybody out, and send nothing that waited then."""
    Session.objects.all().delete()
    UserSession.objects.all().delete()
    AccountMail.objects.filter(sent_at=None).delete()
    wanted = set(lines) | set(ledger.lines())
    done = ledger.replay(wanted)
    for organization_id in Organization.objects.values_list("id", flat=True):
        with tenant(organization_id):
            waiting = Outbox.objects.filter(organization_id=organization_id, sent_at=None, dropped="")
            waiting.update(dropped=DROPPED, message=b"")
    ledger.append(wanted)
    return done


def _drops() -> str:
    with connections["owner"].cursor() as cursor:
        cursor.execute(OURS)
        return "\n".join(statement for (statement,) in cursor.fetchall())


def _run(dump: Dump, drops: str) -> None:
    """Pipe the dump through pg_restore into psql, and commit only what came whole."""
    with TemporaryFile() as errors:
        with _piped(errors, "pg_restore", *UNPACK) as unpacking, _piped(errors, "psql", *WRITE) as writing:
            source, sink = unpacking.stdout, writing.stdin
            assert source
            assert sink
            Thread(target=_feed, args=(dump, unpacking), daemon=True).start()
            with suppress(BrokenPipeError):
                sink.write(f"{BEGIN}\n{drops}\n".encode())
                shutil.copyfileobj(source, sink)
            source.close()
            if unpacking.wait():
                # Without its COMMIT everything is as it was.
                writing.kill()
            with suppress(BrokenPipeError):
                sink.write(b"\nCOMMIT;\n")
                sink.close()
        errors.seek(0)
        told = errors.read().decode(errors="replace").strip()
    if writing.returncode or unpacking.returncode:
        raise BackupError(f"Nothing was changed: {told} Stop the web server and the workers, and try again.")


def _piped(errors: IO[bytes], name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        [program(name), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(),
    )


def _feed(dump: Dump, unpacking: "subprocess.Popen[bytes]") -> None:
    assert unpacking.stdin
    with suppress(BrokenPipeError), unpacking.stdin as sink:
        while chunk := dump.read(CHUNK):
            sink.write(chunk)
