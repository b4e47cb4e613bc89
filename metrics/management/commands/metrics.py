from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.currencies import CODES
from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from metrics import queries
from metrics.management.output import json_text, month
from metrics.model import recurring_revenue


class Command(BaseCommand):
    help = "Print an organization's recurring revenue as JSON: one month, or the last N, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--month", type=month, metavar="YYYY-MM")
        when.add_argument("--months", type=int, metavar="N")
        parser.add_argument(
            "--currency", metavar="C", help="select rows of this currency; nothing is converted"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        count = options["months"]
        if count is not None and not 1 <= count <= 1200:
            raise CommandError("--months takes a number from 1 to 1200.", returncode=2)
        with tenant(organization.id):
            today = queries.today(organization.id)
            until = options["month"] or today
            if until > today:
                raise CommandError(f"The month {until:%Y-%m} has not begun.", returncode=2)
            currency = chosen_currency(organization.id, options["currency"])
            months = queries.months(organization.id, currency, last=count or 1, until=until)
            models = recurring_revenue(organization.id, months)
            if queries.freshness(organization.id).computed_at is None:
                self.stderr.write("Nothing has been computed yet. Connect an account and run sync.")
        self.stdout.write(json_text(models[0] if count is None else models))


def chosen_currency(organization_id: UUID, wanted: str | None) -> str:
    """Return the currency to select; one that means nothing to the organization ends the command with 2."""
    if wanted is None:
        return queries.default_currency(organization_id)
    code, present = wanted.lower(), queries.currencies(organization_id)
    if code in present or (code in CODES and not present):
        return code
    if code == queries.default_currency(organization_id):
        return code
    if code not in CODES and not present:
        raise CommandError(f"{wanted!r} is not a currency. Write a code such as eur.", returncode=2)
    raise CommandError(
        f"There is no revenue in {wanted!r}. This organization has {', '.join(present)}.", returncode=2
    )
