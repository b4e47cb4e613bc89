"""Run all of Millrace: web, worker, beat, and a demo organization on an invented Stripe account."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import clock
from config.embedded import children, secrets
from config.supervisor import Program, ProgramFailedError, Supervisor

DEMO_OWNER = "demo@example.com"
DEMO_SEED, DEMO_YEARS = "demo", timedelta(days=1095)
READY_SECONDS = 120
PORT_SECONDS = 5


class Command(BaseCommand):
    help = "Run Millrace: web, worker, beat and a demo organization. Ctrl-C stops everything."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="make no demo organization")
        parser.add_argument("--demo-customers", type=int, default=500, help="how many the demo invents")

    def handle(self, *args: Any, **options: Any) -> None:
        claim_port(settings.PORT)
        supervisor = Supervisor(self.note)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.request_stop)
        try:
            self.start(supervisor, 0 if options["no_demo"] else options["demo_customers"])
            supervisor.run()
        except ProgramFailedError as error:
            raise CommandError(str(error)) from error
        finally:
            self.note("Stopping …")
            supervisor.stop()

    def start(self, supervisor: Supervisor, demo_customers: int) -> None:
        """Start every program and say where to go."""
        sandbox_port = children.free_port()
        if demo_customers:
            supervisor.add(program("sandbox", sandbox_command(sandbox_port, demo_customers)))
        self.note("Migrating the database …")
        # Django's checks look at the code, as its tests do, and take as long as the migrations.
        ran("migrate", "--verbosity=0", "--skip-checks")
        supervisor.add(program("web", web_command()))
        # The first page comes sooner where the others do not start beside it.
        supervisor.until(web_answers, "The web server", READY_SECONDS)
        if supervisor.stopping:
            return
        supervisor.add(program("worker", celery("worker", f"--concurrency={os.cpu_count()}")))
        supervisor.add(program("beat", [sys.executable, "-m", "config.beating"]))
        if demo_customers:
            self.connect_demo(supervisor, sandbox_port)
        if not supervisor.stopping:
            self.welcome(demo=bool(demo_customers))

    def connect_demo(self, supervisor: Supervisor, port: int) -> None:
        """Connect the demo organization to the invented account, once that is served if it is new to it."""
        if not demo_connected(port, move=True):
            supervisor.until(lambda: listens(port), "The sandbox", READY_SECONDS)
            if not supervisor.stopping:
                demo_connected(port, move=False)

    def welcome(self, *, demo: bool) -> None:
        """Print the address, and how to see the demo."""
        self.stdout.write(f"Millrace is at {settings.BASE_URL}")
        if demo:
            password = secrets.kept(settings.DATA_DIR)["DEMO_PASSWORD"]
            self.stdout.write(f"The demo is at {settings.BASE_URL}/o/demo/")
            self.stdout.write(f"Sign in as {DEMO_OWNER} with the password {password}")
        self.stdout.flush()
        self.note("Ctrl-C stops everything.")

    def note(self, text: str) -> None:
        self.stderr.write(text, style_func=str)


def program(name: str, command: list[str]) -> Program:
    return Program(name, command, settings.DATA_DIR / "logs" / f"{name}.log")


def web_command() -> list[str]:
    """Return the command of the web server, which listens on this machine alone."""
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
    where = ["--host", "127.0.0.1", "--port", str(settings.PORT)]
    # Webhooks wait together for one commit: with few threads there would be many commits.
    return [*granian, *where, "--blocking-threads", "64", "config.wsgi:application"]


def celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "-q", *arguments, "--loglevel=INFO"]


def sandbox_command(port: int, customers: int) -> list[str]:
    size = [f"--port={port}", f"--customers={customers}", f"--seed={DEMO_SEED}", "--business=demo"]
    return [sys.executable, "manage.py", "sandbox", *size, f"--founded={demo_founded()}", "--in-files"]


def demo_connected(port: int, *, move: bool) -> bool:
    """Run `demo`, which says whether the organization is connected to the sandbox at this port."""
    # Anybody on the machine may read a command's arguments.
    password = {"DEMO_PASSWORD": secrets.kept(settings.DATA_DIR)["DEMO_PASSWORD"]}
    where = [f"--owner={DEMO_OWNER}", f"--api-base=http://127.0.0.1:{port}"]
    return bool(ran("demo", *where, *(["--move"] if move else []), environment=password).strip())


def ran(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command in a process of its own, whose memory goes with it; return what it prints."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
        # A terminal's Ctrl-C reaches the supervisor alone, which lets this end first.
        start_new_session=True,
        preexec_fn=children.dies_with_parent(signal.SIGTERM),
    )
    if done.returncode:
        raise CommandError(f"manage.py {arguments[0]} failed; what it said stands above.")
    return done.stdout


def demo_founded() -> str:
    """Return when the demo's company began: once chosen it stays, or the account would become another."""
    file: Path = settings.DATA_DIR / "demo-founded"
    if not file.exists():
        file.write_text((clock.now() - DEMO_YEARS).replace(microsecond=0).isoformat())
    return file.read_text().strip()


def claim_port(port: int) -> None:
    """Refuse a port that another program keeps; one that the last run still leaves is waited for."""
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return
        except PermissionError as error:
            raise CommandError(f"Port {port} is not ours to use: set PORT to one above 1023.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > deadline:
                raise CommandError(
                    f"Port {port} is in use: stop the program that listens there, or run with another, "
                    f"such as PORT={port + 1} make run."
                ) from error
        time.sleep(0.1)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def web_answers() -> bool:
    """Say whether the process answers over HTTP."""
    connection = HTTPConnection("127.0.0.1", settings.PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
