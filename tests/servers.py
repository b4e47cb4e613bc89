"""PostgreSQL and Redis of one test alone, which may restart and empty them, and commands that use them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis as Client

from config.embedded.postgres import Postgres
from config.embedded.redis import Redis
from tests.environment import PROJECT

COMMANDS = """
import sys, django
from django.core.management import call_command
django.setup()
for line in sys.argv[1:]:
    call_command(*line.split())
"""


class Servers:
    """Both servers of an installation, as its owner may treat them."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o755)
        self.directory = directory
        self.postgres, self.redis = Postgres(directory / "servers", fsync=False), Redis(directory / "servers")
        self.flushes = self.restarts = 0

    def __enter__(self) -> "Servers":
        self.postgres.start()
        self.redis.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.redis.stop()
        self.postgres.stop()

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process needs to use them."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(self.directory / "data"),
            "DATABASE_URL": self.postgres.app_url,
            "DATABASE_OWNER_URL": self.postgres.owner_url,
            "REDIS_URL": self.redis.url,
            "JOB_LEASE_SECONDS": "3",
            "POLL_SECONDS": "1",
        }

    def manage(self, *commands: str) -> str:
        """Run commands one after the other, in a process of their own, and return what they print."""
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS, *commands],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows that a statement finds in every organization."""
        with psycopg.connect(self.postgres.owner_url, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def restart_postgres(self) -> None:
        """Stop PostgreSQL, cutting every session off, and start it where it was."""
        self.restarts += 1
        self.postgres.stop()
        self.postgres.start()

    def flush_redis(self) -> None:
        """Empty Redis."""
        self.flushes += 1
        with Client.from_url(self.redis.url) as client:
            client.flushall()
