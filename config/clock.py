"""The one clock: everything that needs the present asks here, so that tests and commands can set it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_frozen: datetime | None = None


def now() -> datetime:
    """Return the present as an aware UTC time; `NOW` in the environment freezes it (ISO 8601)."""
    if _frozen is not None:
        return _frozen
    fixed = os.environ.get("NOW")
    return datetime.fromisoformat(fixed).astimezone(UTC) if fixed else datetime.now(UTC)


@contextmanager
def set_now(at: datetime) -> Iterator[None]:
    """Hold the clock at one aware time for the length of the block."""
    global _frozen
    if at.tzinfo is None:
        raise ValueError("The clock takes aware times only.")
    before, _frozen = _frozen, at.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
