"""Make the demo organization, connected to an invented Stripe account."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from billing_sync.sandbox.keys import FULL_KEY
from config import env

NAME, SLUG = "Demo", "demo"
LOOPBACK = "http://127.0.0.1:"


class Command(BaseCommand):
    help = "Make the organization `demo` on a running sandbox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True)
        parser.add_argument("--password", default=env.text("DEMO_PASSWORD"), help="default: DEMO_PASSWORD")
        parser.add_argument("--api-base", required=True, help="where the sandbox answers")
        parser.add_argument("--move", action="store_true", help="only lead an existing demo there")

    def handle(self, *args: Any, **options: Any) -> str:
        """Return whether the demo is connected now, as a word or nothing."""
        base = options["api_base"]
        if moved(base):
            return "connected"
        if options["move"]:
            return ""
        quiet = {"stdout": StringIO(), "stderr": StringIO()}
        if not Organization.objects.filter(slug=SLUG).exists():
            owner = {"owner": options["owner"], "password": options["password"]}
            call_command("create_organization", NAME, **owner, currency="usd", **quiet)
        call_command("connect_stripe", SLUG, api_key=FULL_KEY, api_base=base, **quiet)
        return "connected"


def moved(base: str) -> bool:
    """Lead the demo's connection to the sandbox, which takes a free port at each start."""
    organization = Organization.objects.filter(slug=SLUG).first()
    if organization is None:
        return False
    with tenant(organization.id):
        return bool(Connection.objects.filter(api_base__startswith=LOOPBACK).update(api_base=base))
