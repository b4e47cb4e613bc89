from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import rotation, secrets

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret under the first key of ENCRYPTION_KEYS. It may be stopped and run "
        "again while everything else runs; the other keys are needed until it says that they can go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--count", action="store_true", help="change nothing; say how many secrets are under each key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"]:
            self.tell(rotation.count())
            return
        done = rotation.rotate()
        self.stdout.write(f"{done.changed} secrets were encrypted again.")
        self.tell(rotation.count())
        if done.unreadable:
            raise CommandError(refused(done.unreadable), returncode=1)

    def tell(self, found: "Counter[str]") -> None:
        """Print each key with its number of secrets, and whether it can be taken away."""
        known = secrets.keys()
        for name in {**known, **found}:
            note = "" if name in known else " ENCRYPTION_KEYS lacks it."
            first = " It is the first, which encrypts." if name == secrets.newest() else ""
            free = " It can be taken out of ENCRYPTION_KEYS." if not first and not found[name] else ""
            self.stdout.write(f"{name}: {found[name]} secrets.{first}{note}{free}")


def refused(unreadable: dict[str, str]) -> str:
    """Say which secrets no key opens, and what to do."""
    lines = [f"{place}: {why}" for place, why in list(unreadable.items())[:SHOWN]]
    more = [f"… and {len(unreadable) - SHOWN} more"] if len(unreadable) > SHOWN else []
    return "\n".join(
        [
            f"Rows that could not be read, and stay as they are: {len(unreadable)}",
            *lines,
            *more,
            "Put the key under which they were written at the end of ENCRYPTION_KEYS and run this again. "
            "Where it is lost, connect those accounts again.",
        ]
    )
