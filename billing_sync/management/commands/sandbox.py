"""Serve an invented Stripe account."""

import json
import signal
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.clock import Clock
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.faults import parse
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import Server
from billing_sync.sandbox.stories import FULL, PLAIN
from billing_sync.sandbox.truth import truth


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
        parser.add_argument("--business", choices=("plain", "full"), default="plain")
        parser.add_argument("--now", help="stand still at this instant (ISO 8601 with a zone)")
        parser.add_argument("--founded", help="when the company began; default three years before now")
        parser.add_argument("--faults", default="", help="such as latency=100,rate_limit=20,error=5,seed=1")
        parser.add_argument("--truth", type=Path, help="write what is true of the company to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate the company, write its truth if asked, and serve it."""
        company = self._company(options)
        try:
            faults = parse(options["faults"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["truth"] is not None:
            options["truth"].write_text(json.dumps(truth(company)))
        clock = Clock(company, running=options["now"] is None)
        try:
            server = Server(Sandbox(company, faults=faults, clock=clock), options["port"])
        except OSError as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error.strerror}") from error
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
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
        mix = FULL if options["business"] == "full" else PLAIN
        return generate(options["seed"], options["customers"], now, founded=founded, mix=mix)


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise CommandError(f"{name} is no date: {text}", returncode=2) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
