"""A change of keys reaches every secret, whatever stops it, and nobody notices."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import IO

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField

from accounts import rotation, secrets
from accounts.tenancy import tenant
from billing_sync.models import Connection
from tests.accounts.secrets.kept import NEW, OLD, Safe, filled, keys
from tests.environment import PROJECT
from tests.soak import sized

WAITING = "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND NOT granted"


class Rotator:
    """Starts the command again and again in processes that may be killed."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        assert program.stdin
        assert program.stdout
        self.asking: IO[str] = program.stdin
        self.answers: IO[str] = program.stdout

    def start(self) -> int:
        """Start the command, and return its process."""
        print(file=self.asking, flush=True)
        return int(self.answers.readline())

    def ended(self) -> int:
        """Wait for its end, and return how it ended."""
        return int(self.answers.readline())


@contextmanager
def rotator() -> Iterator[Rotator]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.accounts.secrets.rotating"],
        cwd=PROJECT,
        env={**os.environ, "ENCRYPTION_KEYS": f"{NEW},{OLD}", "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        yield Rotator(program)


@contextmanager
def holding(connection: Connection) -> Iterator["psycopg.Connection[tuple[int]]"]:
    """Keep a row from being written for the block."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as other:
        other.execute("SELECT 1 FROM billing_sync_connection WHERE id = %s FOR UPDATE", [connection.id])
        yield other


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def connections_of(safe: Safe) -> list[Connection]:
    found: list[Connection] = []
    for organization in safe.organizations:
        with tenant(organization.id):
            found += Connection.objects.order_by("id")
    return sorted(found, key=lambda one: (one.organization_id, one.id))


@pytest.mark.soak
def test_a_rotation_killed_again_and_again_reaches_every_secret_and_fails_no_read(
    db: None, record_property: Callable[[str, object], None]
) -> None:
    kills, reads = sized(3, 20), 0
    safe = filled(organizations=sized(4, 10), connections=sized(3, 10))
    rows = connections_of(safe)
    # Each run is killed in the middle of a row, further on than the one before.
    places = [rows[(number + 1) * len(rows) // (kills + 1)] for number in range(kills)]
    with keys(NEW, OLD), rotator() as program:
        for place in places:
            with holding(place) as other:
                child = program.start()
                until(lambda other=other: other.execute(WAITING).fetchall() == [(1,)])  # type: ignore[misc]
                safe.replace_a_key(random.Random(str(place.id)).choice([row for row in rows if row != place]))
                reads += safe.read()
                before = rotation.count()
                assert min(before["old"], before["new"]) > 0
                os.kill(child, signal.SIGKILL)
                assert os.WTERMSIG(program.ended()) == signal.SIGKILL
            reads += safe.read()
        program.start()
        assert program.ended() == 0
    with keys(NEW):
        reads += safe.read()
        assert rotation.count() == {"new": len(safe.wanted)}
    record_property("kills", kills)
    record_property("secrets", len(safe.wanted))
    record_property("reads", reads)


def test_every_column_of_secrets_takes_part() -> None:
    found = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField) and field.name.endswith("_encrypted")
    }
    assert found == {(kept.model, name) for kept in secrets.kept() for name in kept.fields}
    assert len(found) >= 5


def test_the_command_says_what_is_under_which_key_and_what_may_go(db: None) -> None:
    safe, told = filled(organizations=1, connections=1), StringIO()
    with keys(NEW, OLD):
        call_command("rotate_keys", "--count", stdout=told)
        assert told.getvalue() == "new: 0 secrets. It is the first, which encrypts.\nold: 7 secrets.\n"
        told = StringIO()
        call_command("rotate_keys", stdout=told)
        assert told.getvalue().splitlines() == [
            "7 secrets were encrypted again.",
            "new: 7 secrets. It is the first, which encrypts.",
            "old: 0 secrets. It can be taken out of ENCRYPTION_KEYS.",
        ]
        assert rotation.rotate().changed == 0
        assert safe.read() == 7


def test_what_no_key_opens_is_named_with_what_to_do_and_the_rest_is_done(db: None) -> None:
    safe = filled(organizations=2, connections=1)
    lost = connections_of(safe)[0]
    with keys("lost:" + "C" * 42 + "A="):
        safe.replace_a_key(lost)
    with keys(NEW, OLD):
        with pytest.raises(CommandError) as refused:
            call_command("rotate_keys", stdout=StringIO())
        told = str(refused.value)
        assert told.startswith("Rows that could not be read, and stay as they are: 1\n")
        assert f"billing_sync.Connection {lost.id}: This secret needs the key 'lost'" in told
        assert "at the end of ENCRYPTION_KEYS" in told
        assert rotation.count() == {"new": 11, "old": 2, "lost": 1}
