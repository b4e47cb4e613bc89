from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from metrics import queries
from metrics.evidence.export import evidence
from metrics.management.commands.metrics import chosen_currency
from metrics.management.output import json_text, month


class Command(BaseCommand):
    help = "Print all that is needed to compute a month's MRR again, as JSON; docs/recompute.py does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--month", type=month, metavar="YYYY-MM")
        parser.add_argument("--currency", metavar="C", help="rows of this currency; nothing is converted")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        with tenant(organization.id):
            shown = queries.shown(organization.id)
            until: date = options["month"] or shown.today
            if until > shown.today:
                raise CommandError(f"The month {until:%Y-%m} has not begun.", returncode=2)
            currency = chosen_currency(organization.id, options["currency"])
            (figures,) = queries.all_months(shown).last(1, currency, until=until)
            told = evidence(shown, figures, refuse_large=False)
        self.stdout.write(json_text(told))
