from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import jobs
from billing_sync.archive import ArchiveRefused, import_events
from billing_sync.management.organization import organization_named


class Command(BaseCommand):
    help = "Replay an archive of Stripe's events, one JSON object a line, in the order of the file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("file", metavar="FILE.jsonl", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_named(options["slug"])
        try:
            with options["file"].open("rb") as lines:
                done = import_events(organization.id, lines)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=2) from None
        except ArchiveRefused as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"{done.events} events replayed, {done.set_aside} lines set aside")
        try:
            jobs.run_until_idle(organization.id)
        except jobs.JobFailed as error:
            raise CommandError(str(error)) from None
