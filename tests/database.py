"""Databases of a run: one migrated template, a copy for each worker, emptied after each test that used it.

Only the owner role makes, migrates and empties; tests and the requests they send see the app role alone.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tests.environment import PROJECT, with_path, worker_database

TEMPLATES = "test_millrace_template_"
LOCK = 7_340_118
# After millions of rows autovacuum stays for minutes, and nobody may end it.
LEAVING_SECONDS = 600
SCHEMA_SOURCES = (
    "*/migrations/*.py",
    "accounts/rls.py",
    "accounts/catalogue.py",
    "accounts/management/commands/migrate.py",
)
# Filled by migrations, not by tests.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def create_worker_database() -> None:
    """Copy the migrated template into this worker's database."""
    with maintenance() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        template = ensure_template(connection)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(worker_database()), sql.Identifier(template)
            )
        )


def drop_worker_database() -> None:
    for used in connections.all():
        used.close()
        used.close_pool()  # type: ignore[attr-defined]
    emptying().close()
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(worker_database()))
    last_try = time.monotonic() + LEAVING_SECONDS
    with maintenance() as connection:
        while True:
            try:
                connection.execute(statement)
                return
            # The owner may not end the app role's sessions: those of stopped workers are still leaving.
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                if time.monotonic() > last_try:
                    raise
                time.sleep(0.2)


def ensure_template(connection: "psycopg.Connection[tuple[str]]") -> str:
    """Return the name of a database migrated by the code as it is, made if missing."""
    template = TEMPLATES + schema_digest()
    found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [TEMPLATES])
    present = {name for (name,) in found}
    if template in present:
        return template
    for name in present:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    draft = f"test_millrace_draft_{os.getpid()}"
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(draft)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    migrate(draft)
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template))
    )
    return template


def migrate(name: str) -> None:
    """Run the project's own migrate command on a database."""
    owner = connections["owner"]
    before = owner.settings_dict["NAME"]
    owner.close()
    owner.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
    finally:
        owner.close()
        owner.settings_dict["NAME"] = before


def schema_digest() -> str:
    """Return what the schema depends on, in short."""
    digest = hashlib.sha256()
    for package in ("django", "django-allauth"):
        digest.update(version(package).encode())
    for pattern in SCHEMA_SOURCES:
        for file in sorted(PROJECT.glob(pattern)):
            digest.update(str(file.relative_to(PROJECT)).encode() + file.read_bytes())
    digest.update(str(settings.DATABASES["default"]["USER"]).encode())
    return digest.hexdigest()[:12]


def empty_database() -> None:
    """Delete every row that the test wrote, as the owner."""
    connection = emptying()
    # Prepared once in a session that stays: looking into every table costs a new one far more.
    used = [name for (name,) in connection.execute(probe(), prepare=True)]
    if not used:
        return
    # Keys are checked at the end, so order does not matter; truncating would
    # rewrite every table that refers to these.
    try:
        with connection.transaction(), connection.pipeline():
            for name in used:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)), prepare=True)
    except psycopg.errors.ForeignKeyViolation:
        listed = sql.SQL(", ").join(sql.Identifier(name) for name in used)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(listed))


@cache
def probe() -> sql.Composed:
    """Return the statement that names the tables with rows in them."""
    tables = emptying().execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})")
    return sql.SQL(" UNION ALL ").join(
        one.format(sql.Literal(name), sql.Identifier(name)) for (name,) in tables if name not in KEPT
    )


@cache
def emptying() -> "psycopg.Connection[tuple[str]]":
    """Connect as the owner for as long as this process tests."""
    address = with_path(os.environ["TEST_MAINTENANCE_URL"], worker_database())
    connection = psycopg.connect(address, autocommit=True, prepared_max=None)
    connection.execute("SET lock_timeout = '10s'")
    return connection


@contextmanager
def maintenance() -> Iterator["psycopg.Connection[tuple[str]]"]:
    with psycopg.connect(os.environ["TEST_MAINTENANCE_URL"], autocommit=True) as connection:
        yield connection
