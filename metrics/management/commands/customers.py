from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from config import clock
from metrics import definitions, queries
from metrics.core.intervals import day_start
from metrics.listings import customer_rows
from metrics.management.output import csv_text, day, json_text

COLUMNS = ("customer_id", "currency", "mrr_micro")


class Command(BaseCommand):
    help = "Print every customer's MRR at the end of a local day, by default now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--on", type=day, metavar="YYYY-MM-DD")
        parser.add_argument("--format", choices=("csv", "json"), default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        with tenant(organization.id):
            rows = customer_rows(organization.id, end_of(organization.id, options["on"]))
        if options["format"] == "csv":
            self.stdout.write(csv_text(COLUMNS, [astuple(row) for row in rows]))
        else:
            self.stdout.write(json_text(rows))


def end_of(organization_id: UUID, on: date | None) -> datetime:
    """Return the first instant after the local day, or after now where that comes first."""
    present = clock.now().replace(microsecond=0) + timedelta(seconds=1)
    if on is None:
        return present
    if on > queries.today(organization_id):
        raise CommandError(f"The day {on} has not begun.", returncode=2)
    zone = ZoneInfo(definitions.in_use(organization_id).time_zone)
    return min(present, datetime.fromtimestamp(day_start(on + timedelta(days=1), zone), UTC))
