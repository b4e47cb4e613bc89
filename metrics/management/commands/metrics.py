from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.currencies import CODES
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from metrics import queries
from metrics.exchange.converting import told
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.storing import reported
from metrics.management.output import json_text, month
from metrics.model import recurring_revenue
from metrics.periods import last_months


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

        parser.add_argument(
            "--in",
            dest="reporting",
            metavar="C",
            help="convert all currencies to this one by each month's rates",
        )
        parser.add_argument("--constant", action="store_true", help="with --in: one month's rates for all")

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
            if options["reporting"] or options["constant"]:
                models = self.converted(organization, last_months(until, count or 1), **options)
            else:
                currency = chosen_currency(organization.id, options["currency"])
                months = queries.months(organization.id, currency, last=count or 1, until=until)
                models = recurring_revenue(organization.id, months)
            if queries.freshness(organization.id).computed_at is None:
                self.stderr.write("Nothing has been computed yet. Connect an account and run sync.")
        self.stdout.write(json_text(models[0] if count is None else models))

    def converted(
        self, organization: Organization, wanted: Sequence[date], **options: Any
    ) -> list[dict[str, Any]]:
        """Return the models in the reporting currency, each with the rates that it took."""
        to = (options["reporting"] or "").lower()
        if to not in CODES or options["currency"]:
            raise CommandError(
                "--in takes a code such as eur; --constant goes with it, --currency does not: it selects.",
                returncode=2,
            )
        found = queries.all_months(queries.shown(organization.id))
        history = reported(organization.id, found, to, wanted, constant=options["constant"])
        try:
            months = history.last(len(wanted), to, until=wanted[-1])
        except MissingRateError as error:
            raise CommandError(
                f"{error} Upload it at /o/{organization.slug}/audit/rates/, or have it fetched there."
            ) from error
        models = recurring_revenue(organization.id, months)
        used = [history.used([month]) for month in wanted]
        return [
            one | {"exchange": told(rates, constant=options["constant"])}
            for one, rates in zip(models, used, strict=True)
        ]


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
