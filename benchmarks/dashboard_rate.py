"""Dashboards a second under granian with two workers, sent whole and held already; start and idle memory."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import psutil
import psycopg

from benchmarks import usage
from benchmarks.pages import OWNER, SLUG, made
from benchmarks.processes import started, until
from config.embedded.children import free_port, stop

# Connections go to either worker by chance: with so many, neither is ever without one that asks.
WORKERS, CLIENTS, SECONDS = 2, 12, 8.0
# The demo is imported, counted and cooled down by then.
IDLE_SECONDS = 90.0
START_SECONDS = 120


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield requests a second, then the cold start of `manage.py up` and what it holds when idle."""
    yield from made(given.customers)
    yield ""
    yield from _rates()
    yield ""
    yield from _standing()


def _rates() -> Iterator[str]:
    yield f"{WORKERS} workers, PostgreSQL and the clients' own process on the same cores; nothing is cached."
    yield from (
        "",
        "| page | connections | answers a second | p50 ms | p99 ms | web CPU ms | PostgreSQL | clients |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    port = free_port()
    with ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-web-"))) / "web.log"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS)]
        web = started([*command, "--blocking-threads", "4", "config.wsgi:application"], log)
        stack.callback(stop, web)
        until(lambda: listens(port), web, log, START_SECONDS)
        cookie, servers = signed_in(), (web.pid, _postgres())
        for name, held, clients in (("whole", 0, 1), ("whole", 0, CLIENTS), ("held (304)", 1, CLIENTS)):
            before = [usage.cpu_seconds(pid) for pid in servers]
            found = _asked(port, cookie, held=held, clients=clients)
            each = [
                (usage.cpu_seconds(pid) - spent) * 1_000 / found["all"]
                for pid, spent in zip(servers, before, strict=True)
            ]
            costs = " | ".join(f"{one:.1f}" for one in [*each, found["cpu"] * 1_000 / found["all"]])
            rate = f"{found['count'] / found['seconds']:.0f} | {found['p50']:.1f} | {found['p99']:.1f}"
            yield f"| {name} | {clients} | {rate} | {costs} |"


def _postgres() -> int:
    """Return the process that all of PostgreSQL's descend from."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        (backend,) = database.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        return psutil.Process(backend).ppid()


def listens(port: int) -> bool:
    """Say whether a web server answers on a port."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def signed_in() -> str:
    """Return the cookies of the company's owner."""
    return _ran([sys.executable, "-m", "benchmarks.dashboard_session", OWNER]).strip()


def _asked(port: int, cookie: str, *, held: int, clients: int) -> dict[str, float]:
    arguments = [str(port), f"/o/{SLUG}/", cookie, str(held), str(clients), str(SECONDS)]
    found: dict[str, float] = json.loads(
        _ran([sys.executable, "-m", "benchmarks.dashboard_clients", *arguments])
    )
    return found


def _ran(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def _standing() -> Iterator[str]:
    """Start everything on servers and a directory of its own, wait until it rests, and weigh it."""
    port = free_port()
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    with tempfile.TemporaryDirectory(prefix="millrace-up-") as directory:
        environment = {
            "DATA_DIR": f"{directory}/data",
            "PORT": str(port),
            "BASE_URL": f"http://localhost:{port}",
        }
        begun = time.monotonic()
        log = Path(directory) / "up.log"
        command = ["env", *(f"--unset={name}" for name in names), sys.executable, "manage.py", "up"]
        process = started(command, log, **environment)
        try:
            until(lambda: listens(port), process, log, START_SECONDS)
            took = time.monotonic() - begun
            yield f"- cold start of `manage.py up` with nothing there yet: {took:.1f} s to the first answer"
            time.sleep(IDLE_SECONDS)
            memory = usage.Memory(process.pid)
            memory.look()
            count = len(list(usage.family(process.pid)))
            size = f"{memory.together / 2**20:.0f} MB (PSS) in {count} processes"
            yield f"- at rest: {size}, the servers and the demo's sandbox included"
        finally:
            stop(process)
