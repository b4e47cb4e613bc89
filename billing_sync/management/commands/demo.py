"""Make the demo organization, connected to an invented Stripe account."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from billing_sync.sandbox.keys import FULL_KEY

NAME, SLUG = "Demo", "demo"
LOOPBACK = "http://127.0.0.1:"


class Command(BaseCommand):
    help = "Make the organization `demo` on a running sandbox, or lead it there again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--api-base", required=True, help="where the sandbox answers")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Organization.objects.filter(slug=SLUG).exists():
            call_command(
                "create_organization",
                NAME,
                owner=options["owner"],
                password=options["password"],
                currency="usd",
            )
        organization = Organization.objects.get(slug=SLUG)
        with tenant(organization.id):
            # The sandbox takes a free port at each start.
            moved = Connection.objects.filter(api_base__startswith=LOOPBACK).update(
                api_base=options["api_base"]
            )
        if not moved:
            call_command(
                "connect_stripe",
                SLUG,
                api_key=FULL_KEY,
                api_base=options["api_base"],
                stdout=StringIO(),
                stderr=StringIO(),
            )
