from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing_sync.management.organization import organization_named
from billing_sync.models import ListRange
from billing_sync.syncing import SyncFailed, reconcile


class Command(BaseCommand):
    help = (
        "Compare an organization's Stripe accounts with its mirror now, mend what differs, and say how much."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--weekly", action="store_true", help="compare everything, not only what still moves or is recent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        purpose = ListRange.Purpose.WEEKLY if options["weekly"] else ListRange.Purpose.NIGHTLY
        try:
            runs = reconcile(organization.id, purpose)
        except SyncFailed as error:
            raise CommandError(str(error)) from None
        for run in runs:
            self.stdout.write(f"{run.repaired} repaired, {run.unexplained} unexplained")
