from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.privacy import arriving


class Command(BaseCommand):
    help = "Import what export_organization wrote, and print the organization's slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                organization = arriving.read(file)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=2) from None
        except arriving.ArchiveError as error:
            raise CommandError(str(error), returncode=1) from None
        self.stderr.write(
            "An archive holds no secrets: connect each account again; members ask for a password."
        )
        self.stdout.write(organization.slug)
