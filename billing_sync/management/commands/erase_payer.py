from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync import erasing
from billing_sync.management.organization import organization_named


class Command(BaseCommand):
    help = "Erase one customer's personal data for good; numbers stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("customer", metavar="CUSTOMER", help="Stripe's id, cus_…")
        parser.add_argument("--unseen", action="store_true", help="although no account has this customer yet")

    def handle(self, *args: Any, **options: Any) -> None:
        organization, customer = organization_named(options["slug"]), options["customer"]
        with tenant(organization.id):
            if not options["unseen"] and not erasing.is_known(organization.id, customer):
                raise CommandError(
                    f"No account of {organization.slug} has the customer {customer}. "
                    "Add --unseen to keep one away who may come.",
                    returncode=2,
                )
            changed = erasing.erase(organization.id, customer, by=None)
        for place, rows in sorted(changed.items()):
            self.stdout.write(f"{place} {rows}")
