"""Serve an invented Stripe account."""

import errno
import os
import signal
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.clock import Clock
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.control import archive
from billing_sync.sandbox.faults import parse
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import Server
from billing_sync.sandbox.stories import BUSINESSES
from billing_sync.sandbox.truth import truth_text

MOST_PROCESSES = 2
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Command(BaseCommand):
    """Serve an invented account until stopped; its clock runs unless --now sets it."""

    help = "Serve an invented Stripe account on 127.0.0.1."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--customers", type=int, required=True)
        parser.add_argument("--seed", required=True)
        parser.add_argument("--business", choices=tuple(BUSINESSES), default="plain")
        parser.add_argument("--now", help="stand still at this instant (ISO 8601 with a zone)")
        parser.add_argument("--founded", help="when the company began; default three years before now")
        parser.add_argument("--in-files", action="store_true", help="spare memory, however small the company")
        parser.add_argument("--faults", default="", help="such as latency=100,limits=live,cut=5,seed=1")
        parser.add_argument("--truth", type=Path, help="write what is true of the company to this file")
        parser.add_argument("--events", type=Path, help="write every event there ever was to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate the company, write its truth if asked, and serve it."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            faults = parse(options["faults"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        company = self._company(options)
        if options["truth"] is not None:
            _write(options["truth"], truth_text(company))
        if options["events"] is not None:
            _write(options["events"], archive(company))
        clock = Clock(company, running=options["now"] is None)
        try:
            server = Server(Sandbox(company, faults=faults, clock=clock), options["port"])
        except OSError as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error.strerror}") from error
        self.stderr.write(f"Sandbox Stripe at {server.base_url} (API key {FULL_KEY})")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()

    def _company(self, options: dict[str, Any]) -> Company:
        if options["customers"] < 0:
            raise CommandError("--customers must not be negative", returncode=2)
        now = _instant("--now", options["now"]) or datetime.now(UTC)
        founded = _instant("--founded", options["founded"])
        if founded is not None and founded >= now:
            raise CommandError("--founded must lie before --now", returncode=2)
        mix, habits = BUSINESSES[options["business"]]
        seed, size = options["seed"], options["customers"]
        processes, spilled = min(MOST_PROCESSES, os.cpu_count() or 1), options["in_files"] or None
        try:
            return generate(
                seed,
                size,
                now,
                founded=founded,
                mix=mix,
                habits=habits,
                spilled=spilled,
                processes=processes,
            )
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            place = tempfile.gettempdir()
            raise CommandError(
                f"no room left in {place}: {size} customers need up to {size // 10_000 + 1} GB there; "
                "make room, or set TMPDIR to another directory"
            ) from error


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise CommandError(f"{name} is no date: {text}", returncode=2) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
