"""Millrace's processes, and a sandbox's, as a benchmark runs them: on the servers of its environment."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks import watched
from benchmarks.machine import PROJECT
from config.embedded.children import dies_with_parent, free_port, stop

# As on the two cores that the promise of memory speaks of, whatever machine this is.
PROCESSES = 2
START_SECONDS, READY_SECONDS, LOOK_SECONDS = 1_800, 60, 0.1


@contextmanager
def working(directory: Path, processes: int = PROCESSES) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a watched worker as `manage.py up` does, and beat beside it."""
    celery = (sys.executable, "-m", "celery", "-A", "benchmarks.watched")
    beat = ("beat", "--schedule", str(directory / "beat"), "--pidfile=")
    worker = ("worker", f"--concurrency={processes}", "--loglevel=INFO")
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", watched.DIRECTORY: str(directory)}
    with ExitStack() as stack:
        for part in (beat, worker):
            log = directory / f"{part[0]}.log"
            process = started([*celery, *part], log, **environment)
            stack.callback(stop, process)
        until(lambda: b" ready." in log.read_bytes(), process, log, READY_SECONDS)
        yield process


@contextmanager
def sandbox(customers: int, faults: str = "", business: str = "busy", seed: str = "bench") -> Iterator[str]:
    """Serve a company, usually a busy one of twenty invoices a customer, from a process of its own."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="millrace-sandbox-") as directory:
        log = Path(directory) / "sandbox.log"
        command = [sys.executable, "manage.py", "sandbox", f"--port={port}", f"--customers={customers}"]
        command += [
            f"--seed={seed}",
            f"--business={business}",
            f"--faults={faults}",
            f"--now={now.isoformat()}",
        ]
        process = started(command, log)
        try:
            # A large company takes its time to be invented.
            until(lambda: answers(port), process, log, START_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def started(command: list[str], log: Path, **environment: str) -> "subprocess.Popen[bytes]":
    with log.open("wb") as lines:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )


def answers(port: int) -> bool:
    """Say whether something speaks HTTP on a port of this machine."""
    asking = HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    with closing(asking), suppress(OSError, HTTPException):
        asking.request("GET", "/")
        return bool(asking.getresponse().read())
    return False


def until(true: Callable[[], object], process: "subprocess.Popen[bytes]", log: Path, seconds: float) -> None:
    """Wait for what a process brings about; give up with its log where it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} came to nothing: {log.read_text(errors='replace')[-4000:]}")
        time.sleep(LOOK_SECONDS)


def manage(*arguments: str) -> None:
    """Run a command of Millrace's on this environment's servers; show what it says where it fails."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
