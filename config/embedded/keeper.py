"""The process that owns a data directory's servers, and ends them with the last command that uses them.

A command's connection is its attachment: the kernel closes it however the command ends. One line in (which
servers it wants), one line out (their addresses, or why not); `bye` asks for an answer once all is done.
"""

import fcntl
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any, TypeVar

from config.embedded import LOCK, SOCKET
from config.embedded.postgres import Postgres
from config.embedded.redis import Redis

FIRST_VISIT_SECONDS = 30
S = TypeVar("S", Postgres, Redis)


class Keeper:
    """Servers started on demand, and the commands attached to them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.selector = selectors.DefaultSelector()
        self.attached: set[socket.socket] = set()
        self.last: socket.socket | None = None
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None

    def serve(self, listener: socket.socket) -> None:
        """Serve commands until none is left, or none ever came."""
        self.selector.register(listener, selectors.EVENT_READ)
        while True:
            ready = self.selector.select(None if self.attached else FIRST_VISIT_SECONDS)
            for key, _ in ready:
                if key.fileobj is listener:
                    self.welcome(listener.accept()[0])
                elif isinstance(key.fileobj, socket.socket):
                    self.hear(key.fileobj)
            if not self.attached:
                return

    def welcome(self, visitor: socket.socket) -> None:
        visitor.settimeout(None)
        self.attached.add(visitor)
        self.selector.register(visitor, selectors.EVENT_READ)

    def hear(self, visitor: socket.socket) -> None:
        """Read a wish and answer it; an end of any kind is a farewell."""
        try:
            line = visitor.recv(4096)
            if line and line != b"bye\n":
                visitor.sendall(json.dumps(self.answer(line.decode().split())).encode() + b"\n")
                return
        except ConnectionError:
            pass
        self.selector.unregister(visitor)
        self.attached.discard(visitor)
        if self.attached:
            visitor.close()
        else:
            # It waits until its connection closes: that is at our end, when the servers have stopped.
            self.last = visitor

    def answer(self, wanted: list[str]) -> dict[str, Any]:
        """Start what is wanted, and return the variables that lead there."""
        try:
            found: dict[str, str] = {}
            if "postgres" in wanted:
                self.postgres = self.postgres or started(Postgres(self.data_dir))
                found["DATABASE_URL"] = self.postgres.app_url
                found["DATABASE_OWNER_URL"] = self.postgres.owner_url
            if "redis" in wanted:
                self.redis = self.redis or started(Redis(self.data_dir))
                found["REDIS_URL"] = self.redis.url
        except (RuntimeError, OSError) as error:
            return {"error": str(error)}
        return {"environment": found}

    def stop(self) -> None:
        """Stop the servers, whichever run."""
        for server in (self.redis, self.postgres):
            if server:
                server.stop()


def started(server: S) -> S:
    server.start()
    return server


def main(data_dir: Path) -> Keeper | None:
    """Hold the directory's lock and serve; leave at once where another keeper holds it.

    The last command waits for its connection, which is open while what is returned lives.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    os.umask(0o077)
    with (data_dir / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        # By a relative name, since a socket's path may have about 100 characters only.
        os.chdir(data_dir)
        Path(SOCKET).unlink(missing_ok=True)
        keeper = Keeper(data_dir)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(SOCKET)
            listener.listen(64)
            try:
                keeper.serve(listener)
            finally:
                Path(SOCKET).unlink(missing_ok=True)
                keeper.stop()
    return keeper


if __name__ == "__main__":
    kept = main(Path(sys.argv[1]))
    # The kernel closes that connection when nothing of this process is left.
    os._exit(0)
