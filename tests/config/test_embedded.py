"""Embedded servers live as long as a command uses them, however the commands end."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from config.embedded import secrets
from tests.environment import PROJECT

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
HOLD = "import json, os; print(json.dumps(dict(os.environ)), flush=True); input()"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="millrace-", dir=Path(os.environ["DATA_DIR"]).parent
    ) as directory:
        yield Path(directory) / "data"


def environment(data_dir: Path, **given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in GIVEN}
    return {**kept, "DATA_DIR": str(data_dir), **given}


def manage(data_dir: Path, *arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment(data_dir, **given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Holder:
    """A command that stays attached until told to go."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", HOLD],
            cwd=PROJECT,
            env=environment(data_dir),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.environment: dict[str, str] = json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


def servers(data_dir: Path) -> list[psutil.Process]:
    """Return the keepers and PostgreSQL servers of a data directory."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "config.embedded.keeper" in line and str(data_dir) in line:
            found.append(process)
        if str(data_dir / "postgres" / "data") in line:
            found.append(process)
    return found


def test_a_command_alone_uses_the_keys_it_is_given_starts_servers_and_stops_them(data_dir: Path) -> None:
    shown = (
        "import os; from django.conf import settings as s; "
        "print(os.environ['DATABASE_URL'], *s.ENCRYPTION_KEYS, s.SECRET_KEY)"
    )
    key = "a:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    given = {"SECRET_KEY": "given" * 12, "ENCRYPTION_KEYS": key}
    done = manage(data_dir, "shell", "--no-imports", "-c", shown, **given)
    assert done.returncode == 0, done.stderr
    url, *keys = done.stdout.split()
    assert urlsplit(url).hostname == "127.0.0.1"
    assert keys == [key, "given" * 12]
    assert servers(data_dir) == []


def test_commands_share_the_servers_and_the_last_one_out_stops_them(data_dir: Path) -> None:
    first, second = Holder(data_dir), Holder(data_dir)
    assert first.environment["DATABASE_URL"] == second.environment["DATABASE_URL"]
    first.end()
    with psycopg.connect(second.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("millrace_app",)
    second.end()
    assert servers(data_dir) == []


def test_what_was_committed_outlives_a_kill_of_everything_and_a_killed_command_stops_the_servers(
    data_dir: Path,
) -> None:
    holder = Holder(data_dir)
    with psycopg.connect(holder.environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    for process in servers(data_dir):
        process.kill()
    holder.kill()
    again = Holder(data_dir)
    with psycopg.connect(again.environment["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert servers(data_dir) != []
    again.kill()
    psutil.wait_procs(servers(data_dir), timeout=30)
    assert servers(data_dir) == []


def test_the_owner_bypasses_row_level_security_the_app_role_does_not_and_a_wrong_password_is_refused(
    data_dir: Path,
) -> None:
    holder = Holder(data_dir)
    url = holder.environment["DATABASE_URL"]
    roles = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'millrace%' ORDER BY 1"
    with psycopg.connect(url) as connection:
        rows = connection.execute(roles).fetchall()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(urlsplit(url).password or "", "guess"))
    holder.end()
    assert rows == [("millrace_app", False, False), ("millrace_owner", False, True)]


def test_generated_secrets_are_kept_and_private(data_dir: Path) -> None:
    first = secrets.kept(data_dir)
    assert secrets.kept(data_dir) == first
    assert stat.S_IMODE((data_dir / "secrets").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "arguments", [["check"], ["makemigrations", "--check"], ["sandbox", "--help"], ["migrate", "--help"]]
)
def test_a_command_that_needs_no_server_starts_none(data_dir: Path, arguments: list[str]) -> None:
    done = manage(data_dir, *arguments)
    assert done.returncode == 0, done.stderr
    assert not data_dir.exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = manage(tmp_path / "file" / "data", "migrate")
    assert done.returncode == 1
    assert "DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "missing"), [("DATABASE_URL", "DATABASE_OWNER_URL"), ("DATABASE_OWNER_URL", "DATABASE_URL")]
)
def test_one_database_address_without_the_other_is_refused(data_dir: Path, given: str, missing: str) -> None:
    done = manage(data_dir, "migrate", **{given: "postgresql://127.0.0.1:1/nowhere"})
    assert done.returncode == 1
    assert f"{given} is set and {missing} is not" in done.stderr


def test_a_database_of_another_kind_is_refused_by_name(data_dir: Path) -> None:
    url = "mysql://127.0.0.1/millrace"
    done = manage(data_dir, "migrate", DATABASE_URL=url, DATABASE_OWNER_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL must look like postgresql://")
