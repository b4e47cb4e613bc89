import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync.connecting import KeyRefused, connect, warnings
from billing_sync.management.organization import organization_named
from billing_sync.models import Connection

PATIENCE_SECONDS = 120.0


class Command(BaseCommand):
    help = "Connect a Stripe account by a key, check what the key may read, and print the account's id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--api-key", required=True, metavar="KEY")
        parser.add_argument("--api-base", metavar="URL", help="may carry a path prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        try:
            made = connect(organization.id, api_key=options["api_key"], api_base=options["api_base"])
        except KeyRefused as error:
            raise CommandError(str(error), returncode=2) from None
        for warning in warnings(options["api_key"]):
            self.stderr.write(warning)
        jobs.run(jobs.job_id(organization.id, "check_connection", str(made)))
        connection = self.checked(organization.id, made)
        jobs.run(jobs.job_id(organization.id, "check_connection", str(connection.id)))
        connection = self.checked(organization.id, connection.id)
        if connection.state not in (Connection.State.IMPORTING, Connection.State.LIVE):
            raise CommandError(connection.error or "The key could not be checked.")
        self.stdout.write(connection.account_id)

    def checked(self, organization_id: UUID, made: UUID) -> Connection:
        """Return the connection once it is checked; a worker may have been quicker to do so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with tenant(organization_id):
                ours = Connection.objects.filter(organization_id=organization_id)
                # A key of an account that is connected already has gone to that connection.
                found = ours.filter(id=made).first() or ours.latest("checked_at")
            if found.checked_at or time.monotonic() > deadline:
                return found
            time.sleep(0.2)
