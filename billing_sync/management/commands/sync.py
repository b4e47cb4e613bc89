from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from billing_sync.progress import progress
from billing_sync.syncing import SyncFailed, sync


class Command(BaseCommand):
    help = "Bring an organization's mirror and numbers up to date, to the end, without a worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        try:
            sync(organization.id)
        except SyncFailed as error:
            raise CommandError(str(error)) from None
        finally:
            self.tell(organization)

    def tell(self, organization: Any) -> None:
        """Note on stderr what was read and what was left out."""
        with tenant(organization.id):
            for connection in progress(organization.id):
                self.stderr.write(
                    f"{connection.name or connection.kind}: {connection.objects_done} objects, "
                    f"{connection.set_aside} set aside, {connection.state_label}"
                )
                for resource in connection.resources:
                    if resource.error:
                        self.stderr.write(f"  {resource.label}: {resource.error}")
