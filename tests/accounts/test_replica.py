"""A replica answers the reads of pages, and the primary whatever it cannot: a real standby, streaming."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from accounts import replica
from config.embedded.postgres import BINARIES, Postgres
from tests.environment import PROJECT
from tests.servers import Servers

SCENARIOS = Path(__file__).with_name("by_replica.py")


class Standby(Postgres):
    """A second server that repeats what the first one writes."""

    def __init__(self, directory: Path, primary: Postgres) -> None:
        super().__init__(directory, fsync=False)
        self.primary, self.passwords = primary, primary.passwords

    def initialize(self) -> None:
        """Copy the primary as it stands."""
        source = ["-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres", "-D", str(self.data)]
        subprocess.run(
            [BINARIES / "pg_basebackup", "--checkpoint=fast", "--no-sync", "-R", *source],
            env={"PGPASSWORD": self.passwords["POSTGRES_PASSWORD"]},
            cwd="/",
            preexec_fn=self.drop(),
            check=True,
            capture_output=True,
        )

    def ensure_roles(self) -> None:
        """Take the roles from the primary."""


def superuser(server: Postgres) -> str:
    password = server.passwords["POSTGRES_PASSWORD"]
    return f"postgresql://postgres:{password}@127.0.0.1:{server.port}/millrace"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Servers, Standby]]:
    directory = tmp_path_factory.mktemp("replicated")
    for above in (directory, *directory.parents[:2]):
        above.chmod(0o755)
    with Servers(directory) as primary:
        primary.manage("migrate --verbosity=0 --skip-checks")
        standby = Standby(directory / "standby", primary.postgres)
        standby.start()
        yield primary, standby
        standby.stop()


class Scenario:
    """A scenario in its process; `killing` stops the standby where the scenario asks for it."""

    def __init__(self, servers: tuple[Servers, Standby], name: str) -> None:
        primary, self.standby = servers
        environment = {
            **primary.environment,
            "PYTHONPATH": str(PROJECT),
            "DATABASE_REPLICA_URL": self.standby.app_url,
            "STANDBY_URL": superuser(self.standby),
        }
        self.process = subprocess.Popen(
            [sys.executable, SCENARIOS, name],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seen(self) -> list[Any]:
        """Return what the scenario saw, once it has ended."""
        told, errors = self.process.communicate(timeout=90)
        assert self.process.returncode == 0, errors
        found: list[Any] = json.loads(told.splitlines()[-1])
        return found


def test_what_says_that_somebody_wrote_is_kept_as_her_session_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, replica.ALIAS, {})
    response = HttpResponse()
    with override_settings(HTTPS=True, WROTE_COOKIE_NAME="__Host-wrote"):
        replica.remember(RequestFactory().post("/o/acme/"), response)
    cookie = response.cookies["__Host-wrote"]
    told = [cookie[name] for name in ("secure", "httponly", "samesite", "path", "domain", "max-age")]
    assert told == [True, True, "Lax", "/", "", replica.FRESH_SECONDS]


def test_pages_are_read_from_the_replica_and_by_whoever_wrote_from_the_primary(
    servers: tuple[Servers, Standby],
) -> None:
    first, (posted, kept, after, again), *told = Scenario(servers, "reads").seen()
    assert (first, posted, after, again) == ("replica", "primary", "primary", "replica")
    assert kept == {"wrote": "1"}
    assert told == [[f"{where}: {what}" for where in ("replica", "primary")] for what in ("hidden", "shown")]


def test_what_the_replica_cannot_answer_the_primary_does_and_keeps(servers: tuple[Servers, Standby]) -> None:
    first, answered, entries, after = Scenario(servers, "writes").seen()
    assert (first, after) == ("replica", "replica")
    assert answered == ["primary", "primary"]
    assert entries == 1


def test_a_replica_that_is_behind_answers_nothing_and_lets_nobody_in(
    servers: tuple[Servers, Standby],
) -> None:
    assert Scenario(servers, "lags").seen() == ["replica", "Http404", "primary", "replica"]


def test_a_replica_that_dies_is_left_at_once(servers: tuple[Servers, Standby]) -> None:
    scenario = Scenario(servers, "dies")
    assert scenario.process.stdout is not None
    assert scenario.process.stdout.readline() == "kill\n"
    scenario.standby.stop()
    assert scenario.process.stdin is not None
    scenario.process.stdin.write("\n")
    scenario.process.stdin.flush()
    assert scenario.seen() == ["replica", ["primary", True], "primary"]
