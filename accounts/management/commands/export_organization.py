import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import record
from accounts.models import Organization
from accounts.privacy import archive
from accounts.tenancy import tenant


class Command(BaseCommand):
    help = "Write everything of an organization to a file that import_organization reads elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("file", metavar="FILE", type=Path, help="- for stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["slug"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['slug']!r}.", returncode=2)
        if str(options["file"]) == "-":
            rows = archive.write(organization, sys.stdout.buffer)
        else:
            rows = self.write(organization, options["file"])
        with tenant(organization.id):
            record("organization.exported", actor=None, rows=sum(rows.values()))
        self.stderr.write(f"{sum(rows.values())} rows of {len(rows)} tables.")

    def write(self, organization: Organization, file: Path) -> dict[str, int]:
        """Write a file that appears whole, and that nobody else may read."""
        draft = file.with_name(f"{file.name}.part")
        try:
            draft.touch(mode=0o600)
            with draft.open("wb") as opened:
                rows = archive.write(organization, opened)
            draft.replace(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=2) from None
        finally:
            draft.unlink(missing_ok=True)
        return rows
