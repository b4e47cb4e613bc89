import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded.postgres import Postgres
from config.embedded.redis import Redis
from tests.environment import PROJECT
from tests.running.running import Millrace, until

UP = [sys.executable, "manage.py", "up", "--demo-customers", "10"]
MONEY = re.compile(r"\$[1-9][\d,]*\.\d\d")


@pytest.fixture
def directory() -> Iterator[Path]:
    run = Path(os.environ["DATA_DIR"]).parent
    with tempfile.TemporaryDirectory(prefix="running-", dir=run) as name:
        yield Path(name)


def numbers(millrace: Millrace) -> list[str]:
    """Return the amounts on the demo's page once there are any."""
    browser = millrace.signed_in()
    shown: list[str] = []

    def look() -> bool:
        shown[:] = MONEY.findall(browser.get(f"{millrace.address}/o/demo/").text)
        return bool(shown)

    until(look, "a page with numbers", millrace.output)
    return shown


def test_a_killed_run_ends_its_processes_and_the_next_one_goes_on_until_ctrl_c(directory: Path) -> None:
    first = Millrace(UP, directory / "data")
    before = numbers(first)[0]
    first.kill()
    until(lambda: first.processes() == [], "the end of every process", first.output)
    second = Millrace(["make", "run", "ARGS=--demo-customers 10"], directory / "data")
    assert numbers(second)[0] == before
    second.interrupt()
    assert second.processes() == []


def test_servers_that_the_environment_names_are_used_and_none_is_started(directory: Path) -> None:
    postgres, redis = Postgres(directory / "elsewhere", fsync=False), Redis(directory / "elsewhere")
    postgres.start()
    redis.start()
    postgres.execute("CREATE ROLE boss LOGIN BYPASSRLS PASSWORD 'b'")
    postgres.execute("CREATE ROLE clerk LOGIN PASSWORD 'c'")
    postgres.execute("CREATE DATABASE elsewhere OWNER boss")
    base = f"127.0.0.1:{postgres.port}/elsewhere"
    named = {
        "DATABASE_URL": f"postgresql://clerk:c@{base}",
        "DATABASE_OWNER_URL": f"postgresql://boss:b@{base}",
        "REDIS_URL": redis.url,
    }
    millrace = Millrace(UP, directory / "data", **named)
    assert numbers(millrace)
    assert [
        process.name() for process in millrace.processes() if process.name() in ("postgres", "redis-server")
    ] == []
    millrace.interrupt()
    assert (millrace.process.returncode, millrace.processes()) == (0, [])
    with psycopg.connect(named["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT slug FROM accounts_organization").fetchall() == [("demo",)]
    redis.stop()
    postgres.stop()
    assert (
        sorted(path.name for path in (directory / "data").iterdir() if path.name in ("postgres", "redis"))
        == []
    )


def refused(directory: Path, **given: str) -> str:
    """Return what `up` says when it does not start."""
    ended = subprocess.run(
        UP,
        cwd=PROJECT,
        env={**os.environ, "DATA_DIR": str(directory / "data"), **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_port_in_use_is_named_with_a_way_out(directory: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(directory, PORT=str(port))
    assert f"Port {port} is in use" in said
    assert "PORT=" in said


def test_a_port_that_is_no_number_is_named(directory: Path) -> None:
    assert "PORT must be a whole number, not 'http'." in refused(directory, PORT="http")


def test_the_owner_s_role_is_refused_at_run_time(db: None, directory: Path) -> None:
    said = refused(directory, PORT="0", DATABASE_URL=os.environ["DATABASE_OWNER_URL"])
    assert "could see past row level security" in said
