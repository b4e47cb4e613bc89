"""Where a list goes on: the last row's place, written so that nobody has to read it.

A cursor carries no right: whoever invents one gets a page of what the token may read anyhow.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dashboards.api.problems import Problem

Part = Callable[[str], Any]
LONGEST = 2_000


def write(key: Iterable[object]) -> str:
    """Return the cursor that goes on after a key."""
    text = json.dumps([part.isoformat() if isinstance(part, date) else str(part) for part in key])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(text: str, parts: Sequence[Part]) -> tuple[Any, ...]:
    """Return the key in a cursor; Problem where it is none of this list's."""
    try:
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
            raise ValueError
        return tuple(part(one) for part, one in zip(parts, told, strict=True))
    except (ValueError, RecursionError):
        words = _("This cursor is none of this list's. Leave it out to begin again, then follow `next`.")
        raise Problem(400, words) from None


def day(text: str) -> date:
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def uuid(text: str) -> UUID:
    return UUID(text)


def word(text: str) -> str:
    if "\0" in text or len(text) > LONGEST:
        raise ValueError(text)
    text.encode()
    return text


def number(text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
    if not 0 <= found < 2**31:
        raise ValueError(text)
    return found
