"""Real processes of the project, on this test's own servers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from config.embedded.children import dies_with_parent
from tests.environment import PROJECT

READY_SECONDS = 60


class Worker:
    """A Celery worker with beat, killable; it takes jobs while it lives."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.log = Path(
            tempfile.mkstemp(prefix="worker-", suffix=".log", dir=Path(os.environ["DATA_DIR"]).parent)[1]
        )

    def start(self) -> None:
        """Start and return once it takes tasks."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "config", "worker", "--beat"),
                    *("--schedule", str(self.log.with_suffix(".beat")), "--concurrency", "2"),
                    *("--loglevel", "INFO", "--without-mingle", "--without-gossip"),
                ],
                cwd=PROJECT,
                env={**self.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + READY_SECONDS
        while b" ready." not in self.log.read_bytes():
            assert self.process.poll() is None, f"The worker ended: {self.text()}"
            assert time.monotonic() < deadline, f"The worker is not ready: {self.text()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the worker and its pool at once, as a power cut would."""
        self.end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the worker to end, and kill it if it does not."""
        self.end(signal.SIGTERM)

    def end(self, number: int) -> None:
        if self.process is None:
            return
        if self.process.poll() is None and number == signal.SIGTERM:
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        # The pool's processes are in the worker's session.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def text(self) -> str:
        """Return what the worker wrote, for messages of failed tests."""
        return self.log.read_text(errors="replace")[-4000:]
