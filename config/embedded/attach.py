"""Attach a command to the embedded servers of its data directory, where the environment names no others."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import env
from config.embedded import SOCKET, secrets

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 90
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "sandbox",
    "version",
}


class ServersUnavailableError(RuntimeError):
    """Raised with what to do where the embedded servers cannot be had."""


@contextmanager
def servers_for(arguments: list[str]) -> Iterator[None]:
    """Give a command its secrets and servers, and wait until what it alone used has stopped."""
    data_dir = env.path("DATA_DIR", PROJECT / ".data")
    needed = needs_servers(arguments)
    try:
        if needed:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        give_secrets(data_dir, keep=needed)
    except OSError as error:
        raise ServersUnavailableError(
            f"DATA_DIR is not usable: {error}. Set it to a directory of yours."
        ) from error
    refuse_half(arguments)
    wanted = wanted_servers() if needed else []
    if not wanted:
        yield
        return
    connection, found = attached(data_dir, wanted)
    with connection:
        os.environ.update(found)
        try:
            yield
        finally:
            leave(connection)


def needs_servers(arguments: list[str]) -> bool:
    """Say whether a command line needs a database at all."""
    named = arguments and not arguments[0].startswith("-")
    return bool(named) and arguments[0] not in WITHOUT_SERVERS and not {"-h", "--help"} & set(arguments)


def wanted_servers() -> list[str]:
    """Return the servers that the environment does not name."""
    databases = env.text("DATABASE_URL") or env.text("DATABASE_OWNER_URL")
    named = {"postgres": bool(databases), "redis": bool(env.text("REDIS_URL"))}
    return [server for server, present in named.items() if not present]


def refuse_half(arguments: list[str]) -> None:
    """Refuse one database address without the other, where the other is needed."""
    app, owner = env.text("DATABASE_URL"), env.text("DATABASE_OWNER_URL")
    if owner and not app:
        raise ServersUnavailableError(
            "DATABASE_OWNER_URL is set and DATABASE_URL is not: set it to the same database as a plain role."
        )
    if app and not owner and {"migrate", "up"} & set(arguments[:1]):
        raise ServersUnavailableError(
            "DATABASE_URL is set and DATABASE_OWNER_URL is not: migrations run as the database's owner."
        )


def give_secrets(data_dir: Path, *, keep: bool) -> None:
    """Fill in the keys that the environment does not give; commands that store nothing get passing ones."""
    if env.text("SECRET_KEY") and env.text("ENCRYPTION_KEYS"):
        return
    found = secrets.kept(data_dir) if keep else secrets.new()
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        os.environ[name] = env.text(name) or found[name]


def attached(data_dir: Path, wanted: list[str]) -> tuple[socket.socket, dict[str, str]]:
    """Return the connection that holds the servers, and the variables that lead to them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    process: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        try:
            return greeted(data_dir, wanted)
        except (ConnectionError, FileNotFoundError):
            # None there, or one that is just leaving: a new one can only hold the lock when it has left.
            if process is None or process.poll() is not None:
                process = started_keeper(data_dir)
            time.sleep(0.02)
    raise ServersUnavailableError(f"The embedded servers did not start; {data_dir / 'servers.log'} says why.")


def greeted(data_dir: Path, wanted: list[str]) -> tuple[socket.socket, dict[str, str]]:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connect(connection, data_dir)
        connection.sendall(" ".join(wanted).encode() + b"\n")
        with connection.makefile() as lines:
            line = lines.readline()
        if not line:
            raise ConnectionResetError
        answer = json.loads(line)
        if "error" in answer:
            raise ServersUnavailableError(answer["error"])
    except BaseException:
        connection.close()
        raise
    return connection, answer["environment"]


def connect(connection: socket.socket, data_dir: Path) -> None:
    """Connect by a relative name, since a socket's path may have about 100 characters only."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(data_dir)
        connection.connect(SOCKET)
    finally:
        os.fchdir(here)
        os.close(here)


def leave(connection: socket.socket) -> None:
    """Say goodbye and wait for the answer: at once where others stay, else when the servers have stopped."""
    try:
        connection.sendall(b"bye\n")
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass


def started_keeper(data_dir: Path) -> "subprocess.Popen[bytes]":
    """Start a keeper in a session of its own, where a terminal's Ctrl-C does not reach it."""
    with (data_dir / "servers.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "config.embedded.keeper", str(data_dir)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
