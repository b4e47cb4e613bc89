from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from metrics.listings import MovementRow, movement_rows
from metrics.management.output import csv_text, day, json_text
from metrics.model import written

COLUMNS = ("date", "customer_id", "kind", "amount_micro", "currency", "subscription_ids", "reasons")


class Command(BaseCommand):
    help = "Print an organization's movements, netted by local day, by event or by month."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--from", dest="start", type=day, default=date.min, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="end", type=day, default=date.max, metavar="YYYY-MM-DD")
        parser.add_argument("--window", choices=("day", "event", "month"), default="day")
        parser.add_argument("--format", choices=("csv", "json"), default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        if options["start"] > options["end"]:
            raise CommandError("--from lies after --to.", returncode=2)
        window = options["window"]
        columns = (*COLUMNS, "at") if window == "event" else COLUMNS
        with tenant(organization.id):
            found = movement_rows(organization.id, window, options["start"], options["end"])
            rows = [values(row)[: len(columns)] for row in found]
        if options["format"] == "csv":
            self.stdout.write(csv_text(columns, rows))
        else:
            self.stdout.write(json_text([dict(zip(columns, row, strict=True)) for row in rows]))


def values(row: MovementRow) -> tuple[str | int, ...]:
    """Return the row in the order of the columns, `at` last."""
    return (
        row.date.isoformat(),
        row.customer_id,
        row.kind,
        row.amount_micro,
        row.currency,
        " ".join(row.subscription_ids),
        " ".join(row.reasons),
        written(row.at) if row.at else "",
    )
