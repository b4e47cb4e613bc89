"""No process runs under a role that could see past row level security."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tests.environment import PROJECT

SHOW = "import django; django.setup(); from accounts.models import Job; print(Job.objects.count())"
WEB = "import config.wsgi; print('started')"
WORKER = "from config.celery import app; app.worker_main(['worker', '--pool', 'solo', '--without-mingle'])"


def start(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def as_role(name: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{name}:secret@{parts.hostname or ''}{port}"))


@pytest.fixture
def weak_role(db: None) -> Iterator[str]:
    """Make a role that may do what the app role may, for a test to make too strong."""
    name = f"too_strong_{os.getpid()}"
    execute("CREATE ROLE {} LOGIN PASSWORD 'secret'", name)
    execute("GRANT {} TO CURRENT_USER WITH SET TRUE, INHERIT TRUE", name)
    execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", name)
    yield name
    execute("DROP OWNED BY {} CASCADE", name)
    execute("DROP ROLE {}", name)


def execute(statement: LiteralString, *names: str) -> None:
    """Run a statement about roles as the owner."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def test_the_app_role_may_start(db: None) -> None:
    started = start(WEB)
    assert (started.returncode, started.stdout) == (0, "started\n"), started.stderr


@pytest.mark.parametrize("code", [SHOW, WEB, WORKER])
def test_the_owner_is_refused(db: None, code: str) -> None:
    refused = start(code, DATABASE_URL=os.environ["DATABASE_OWNER_URL"])
    assert refused.returncode == 1
    assert "could see past row level security: it is the role of DATABASE_OWNER_URL" in refused.stderr
    assert "Give DATABASE_URL a plain role that owns nothing." in refused.stderr


def test_a_plain_role_may_start(weak_role: str) -> None:
    started = start(WEB, DATABASE_URL=as_role(weak_role))
    assert started.returncode == 0, started.stderr


def test_a_role_that_owns_a_table_is_refused(weak_role: str) -> None:
    execute("CREATE SCHEMA {0} AUTHORIZATION {0} CREATE TABLE own (id int)", weak_role)
    refused = start(WEB, DATABASE_URL=as_role(weak_role))
    assert refused.returncode == 1
    assert "it owns own" in refused.stderr


def test_a_role_that_may_become_an_owner_is_refused(weak_role: str) -> None:
    behind = f"{weak_role}_behind"
    execute("CREATE ROLE {}", behind)
    execute("GRANT {} TO CURRENT_USER WITH SET TRUE, INHERIT TRUE", behind)
    try:
        execute("GRANT {} TO {}", behind, weak_role)
        execute("CREATE SCHEMA {0} AUTHORIZATION {0} CREATE TABLE own (id int)", behind)
        refused = start(WEB, DATABASE_URL=as_role(weak_role))
    finally:
        execute("DROP OWNED BY {} CASCADE", behind)
        execute("DROP ROLE {}", behind)
    assert refused.returncode == 1
    assert "it owns own, or is a member of its owner" in refused.stderr


def test_a_connection_with_a_preset_tenant_is_refused(db: None) -> None:
    preset = "?options=-c%20app.organization_id%3Dx"
    refused = start(WEB, DATABASE_URL=os.environ["DATABASE_URL"] + preset)
    assert refused.returncode == 1
    assert "it presets app.organization_id" in refused.stderr


def test_a_database_that_is_away_does_not_stop_the_start() -> None:
    started = start(WEB, DATABASE_URL="postgresql://app:x@127.0.0.1:1/none?connect_timeout=1")
    assert started.stdout == "started\n", started.stderr
