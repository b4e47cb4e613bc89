"""Millrace as a newcomer runs it: real processes on a data directory of their own."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import requests

from config.embedded.children import dies_with_parent, free_port
from tests.environment import PROJECT

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
SIGN_IN = re.compile(r"Sign in as (\S+) with the password (\S+)")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
READY_SECONDS = 180


class Millrace:
    """One run of everything, in a session of its own like a terminal's."""

    def __init__(self, command: list[str], data_dir: Path, **given: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.log = data_dir.parent / f"up-{self.port}.log"
        kept = {name: value for name, value in os.environ.items() if name not in GIVEN}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**kept, "DATA_DIR": str(data_dir), "PORT": str(self.port), **given},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        until(lambda: SIGN_IN.search(self.output()) is not None or self.ended(), "the sign-in", self.output)
        assert not self.ended(), self.output()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def ended(self) -> bool:
        return self.process.poll() is not None

    def signed_in(self) -> requests.Session:
        """Sign in with what the run printed."""
        found = SIGN_IN.search(self.output())
        assert found is not None
        browser = requests.Session()
        token = TOKEN.search(browser.get(f"{self.address}/accounts/login/").text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "login": found[1], "password": found[2]}
        answer = browser.post(f"{self.address}/accounts/login/", data=form)
        assert answer.ok, answer.text
        return browser

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal signals the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)

    def kill(self) -> None:
        """Kill the parent alone."""
        self.process.kill()
        self.process.wait(60)

    def processes(self) -> list[psutil.Process]:
        """Return every process that works on the data directory."""
        return [process for process in psutil.process_iter() if works_on(process, self.data_dir)]


def works_on(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return process.environ().get("DATA_DIR") == str(data_dir)
    except psutil.Error:
        return False


def until(done: Callable[[], bool], what: str, context: Callable[[], str] = str) -> None:
    """Wait for something, and fail with what is known when it takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"Waited too long for {what}. {context()}"
        time.sleep(0.2)
