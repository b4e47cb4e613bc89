"""Where personal data of payers is: each app names its places in its own `privacy.py`."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A table with personal data: whose, in which columns, and how a payer's rows are found."""

    table: str
    columns: tuple[str, ...]
    found_by: str
    about: str | Promise


def payer_digest(organization_id: UUID, customer_id: str) -> bytes:
    """Return what is remembered of an erased payer: it names her to who holds her id, and to nobody else."""
    return hashlib.sha256(f"{organization_id}\n{customer_id}".encode()).digest()
