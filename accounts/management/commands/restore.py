from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from accounts.privacy import backup, ledger, restoring
from accounts.privacy.programs import ProgramMissingError


class Command(BaseCommand):
    help = "Put a backup in place of the database, without what was erased or deleted since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--replace", action="store_true", help="although organizations are there")
        parser.add_argument(
            "--erasures",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="a copy of erasures.jsonl, beside DATA_DIR's own",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = restoring.remembered()
            for ledger_file in options["erasures"]:
                lines |= read_ledger(ledger_file)
            with options["file"].open("rb") as file:
                header = restoring.check(file)
                if present() and not options["replace"]:
                    raise CommandError(
                        "The database has organizations. Stop the web server and the workers, back it up if "
                        "you may want it again, and add --replace.",
                        returncode=2,
                    )
                restoring.replace(file)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=2) from None
        except (backup.BackupError, ProgramMissingError, ledger.LedgerError) as error:
            raise CommandError(str(error), returncode=1) from None
        done = restoring.settle(lines)
        self.stderr.write(
            f"As of {header.made_at}; erased again: {done['payer']} payers, {done['organization']} "
            f"organizations, {done['person']} accounts."
        )


def read_ledger(file: Path) -> set[ledger.Line]:
    """Return the deletions of a named file, which has to be there."""
    if not file.exists():
        raise CommandError(f"{file} is not there.", returncode=2)
    return ledger.read(file)


def present() -> bool:
    """Say whether the database has organizations."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.accounts_organization') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT EXISTS (SELECT FROM accounts_organization)")
        return bool(cursor.fetchone()[0])
