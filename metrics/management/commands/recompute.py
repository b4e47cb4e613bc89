from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing_sync.management.organization import organization_named
from metrics.build.recompute import recompute
from metrics.build.resum import repair


class Command(BaseCommand):
    help = "Compute an organization's numbers again from its mirror; Stripe is not asked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--tables",
            action="store_true",
            help="sum the stored segments again and put right the daily, monthly and plan rows that differ",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = organization_named(options["slug"]).id
        if not options["tables"]:
            recompute(organization_id)
            return
        self.stderr.write(f"{repair(organization_id)} rows of the tables differed.")
