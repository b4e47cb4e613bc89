"""The ledger of deletions: rows here, and lines of DATA_DIR/erasures.jsonl that no restore rolls back."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts import jobs
from accounts.models import User
from accounts.privacy.models import Deletion
from config.clock import now

FILE = "erasures.jsonl"
PAYER, ORGANIZATION, PERSON = "payer", "organization", "person"
WRITE = "write_ledger"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Who is gone: a kind, the organization of a payer or the one that is gone itself, and a digest."""

    kind: str
    organization_id: str = ""
    digest: str = ""


class LedgerError(ValueError):
    """Raised where a file is no ledger; its text says which line."""


def note(kind: str, digest: bytes = b"", *, organization_id: UUID | None = None) -> None:
    """Note a deletion in the transaction in progress; a job adds it to the file."""
    mine = {"kind": kind, "organization_id": organization_id, "digest": digest}
    Deletion.objects.get_or_create(**mine, defaults={"at": now()})
    jobs.enqueue(None, WRITE)


def person_digest(user: User) -> bytes:
    """Return what is remembered of a deleted account: a number that is given again is another person's."""
    return hashlib.sha256(f"{user.id}\n{user.created_at.isoformat()}".encode()).digest()


def lines() -> list[Line]:
    """Return the deletions that the database knows."""
    found = Deletion.objects.values_list("kind", "organization_id", "digest")
    return [Line(kind, str(where or ""), bytes(digest).hex()) for kind, where, digest in found]


def path() -> Path:
    """Return where the file is."""
    return Path(settings.DATA_DIR) / FILE


def read(file: Path) -> set[Line]:
    """Return the deletions of a file; nothing where there is none."""
    if not file.exists():
        return set()
    with file.open() as text:
        return set(_lines(file, text))


def _lines(file: Path, text: Iterable[str]) -> Iterator[Line]:
    for number, line in enumerate(text, 1):
        try:
            told = json.loads(line)
            digest = bytes.fromhex(told.get("digest", ""))
            yield Line(told["kind"], told.get("organization", ""), digest.hex())
        except (ValueError, KeyError, AttributeError):
            raise LedgerError(f"{file}, line {number} is not a line of a ledger of erasures.") from None


Replay = Callable[[Sequence[Line]], int]
_replays: dict[str, Replay] = {}


def replaying(kind: str) -> Callable[[Replay], Replay]:
    """Register who deletes again what a restored copy brought back; it returns how many there were."""

    def register(function: Replay) -> Replay:
        if _replays.setdefault(kind, function) is not function:
            raise ValueError(f"Two functions replay deletions of a {kind}.")
        return function

    return register


def replay(wanted: Iterable[Line]) -> dict[str, int]:
    """Delete again what was deleted; return how many of each kind had come back."""
    by_kind: dict[str, list[Line]] = {}
    for line in sorted(wanted):
        by_kind.setdefault(line.kind, []).append(line)
    # An organization first: of its payers nothing is left to look for.
    return {kind: _replays[kind](by_kind.get(kind, [])) for kind in (ORGANIZATION, PAYER, PERSON)}


@jobs.handler(WRITE)
def write(organization_id: UUID | None, key: str) -> jobs.Outcome:
    """Add to the file what it lacks; it is only ever appended to."""
    append(lines())
    return jobs.DONE


def append(wanted: Iterable[Line]) -> int:
    """Add deletions to the file unless they are there; return how many were new."""
    missing = sorted(set(wanted) - read(path()))
    if not missing:
        return 0
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a") as file:
        for one in missing:
            told = {"kind": one.kind, "organization": one.organization_id, "digest": one.digest}
            file.write(json.dumps({**told, "written_at": now().isoformat()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return len(missing)
