from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.privacy import backup
from accounts.privacy.programs import ProgramMissingError


class Command(BaseCommand):
    help = "Write the whole database to a file; ENCRYPTION_KEYS is not in it, and is needed to restore it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        draft = file.with_name(f"{file.name}.part")
        try:
            draft.touch(mode=0o600)
            with draft.open("wb") as opened:
                backup.write(opened)
            draft.replace(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=2) from None
        except (backup.BackupError, ProgramMissingError) as error:
            raise CommandError(str(error), returncode=1) from None
        finally:
            draft.unlink(missing_ok=True)
        self.stderr.write("Keep ENCRYPTION_KEYS with care, apart from it: the file is of no use without.")
        self.stdout.write(str(file))
