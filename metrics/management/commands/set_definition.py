from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import tenant
from billing_sync.management.organization import organization_named
from metrics import definitions
from metrics.alerts import versions
from metrics.build.recompute import catch_up
from metrics.management.output import json_text
from metrics.settings import SettingError, settings


class Command(BaseCommand):
    help = "Change settings of an organization's definition, and value its history under the new version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("changes", metavar="KEY=VALUE", nargs="+")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        values = dict(pair(text) for text in options["changes"])
        try:
            with tenant(organization.id):
                definition = definitions.set_definition(organization.id, values)
                _, alerts = versions.latest(organization.id)
        except SettingError as error:
            raise CommandError(str(error), returncode=2) from None
        catch_up(organization.id)
        self.stdout.write(json_text(settings(definition) | settings(alerts)))


def pair(text: str) -> tuple[str, str]:
    """Split `key=value`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise CommandError(f"{text!r} is not KEY=VALUE, such as movement_window=month.", returncode=2)
    return key.strip(), value
