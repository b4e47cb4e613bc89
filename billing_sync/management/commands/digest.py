from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing_sync.digest import digest
from billing_sync.management.organization import organization_named


class Command(BaseCommand):
    help = "Print one hash per table over an organization's facts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        for table, value in digest(organization_named(options["slug"]).id):
            self.stdout.write(f"{table} {value}")
