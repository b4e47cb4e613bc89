from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing_sync.management.organization import organization_named
from metrics.build.recompute import recompute


class Command(BaseCommand):
    help = "Compute an organization's numbers again from its mirror; Stripe is not asked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        recompute(organization_named(options["slug"]).id)
