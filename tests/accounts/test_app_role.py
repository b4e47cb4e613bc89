"""No process runs under a role that could see past row level security."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import LiteralString

import psycopg
import pytest
from django.apps import AppConfig, apps
from django.db import connections
from psycopg import sql

from accounts.app_role import UnsafeRoleError
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


def open_as(user: str) -> None:
    """Open a connection of this process as a role, which the first one of every process is checked for."""
    open_with(USER=user, PASSWORD="secret")


def open_with(**given: object) -> None:
    connection = connections["default"].copy()
    options = {**connection.settings_dict["OPTIONS"], "pool": False}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options, **given}
    with closing(connection):
        connection.connect()


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> AppConfig:
    """Let the next connection be this process's first."""
    config = apps.get_app_config("accounts")
    monkeypatch.setattr(config, "checked", set())
    return config


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


def test_a_plain_role_may_start(unchecked: AppConfig, weak_role: str) -> None:
    open_as(weak_role)
    assert unchecked.checked == {"default"}  # type: ignore[attr-defined]


def test_a_role_that_owns_a_table_is_refused(unchecked: AppConfig, weak_role: str) -> None:
    execute("CREATE SCHEMA {0} AUTHORIZATION {0} CREATE TABLE own (id int)", weak_role)
    with pytest.raises(UnsafeRoleError, match="it owns own"):
        open_as(weak_role)


def test_a_role_that_may_become_an_owner_is_refused(unchecked: AppConfig, weak_role: str) -> None:
    behind = f"{weak_role}_behind"
    execute("CREATE ROLE {}", behind)
    execute("GRANT {} TO CURRENT_USER WITH SET TRUE, INHERIT TRUE", behind)
    try:
        execute("GRANT {} TO {}", behind, weak_role)
        execute("CREATE SCHEMA {0} AUTHORIZATION {0} CREATE TABLE own (id int)", behind)
        with pytest.raises(UnsafeRoleError, match="it owns own, or is a member of its owner"):
            open_as(weak_role)
    finally:
        execute("DROP OWNED BY {} CASCADE", behind)
        execute("DROP ROLE {}", behind)


def test_a_connection_with_a_preset_tenant_is_refused(unchecked: AppConfig, db: None) -> None:
    preset = {"options": "-c app.organization_id=x", "pool": False}
    with pytest.raises(UnsafeRoleError, match=r"it presets app\.organization_id"):
        open_with(OPTIONS=preset)


def test_a_database_that_is_away_does_not_stop_the_start() -> None:
    started = start(WEB, DATABASE_URL="postgresql://app:x@127.0.0.1:1/none?connect_timeout=1")
    assert started.stdout == "started\n", started.stderr
