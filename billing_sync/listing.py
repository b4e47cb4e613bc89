"""What a list must keep to, so that nothing of it is lost: the bounds that were asked for, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import lt
from typing import Any

from billing_sync.models import ListRange


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of a range as it is asked for: after which object, between which times."""

    resource: str
    number: int
    after: str
    since_at: datetime | None
    until_at: datetime | None
    before_at: datetime | None
    whole: bool

    @property
    def params(self) -> dict[str, Any]:
        """Return the bounds as the list's parameters."""
        given = {"gte": self.since_at, "lt": self.until_at}
        created = {name: int(at.timestamp()) for name, at in given.items() if at is not None}
        return {"created": created} if created else {}


def asked(one: ListRange, after: str, before_at: datetime | None) -> Asked:
    """Return the page of a range that follows an object, which was made at `before_at`."""
    return Asked(one.resource, one.number, after, one.since_at, one.until_at, before_at, one.whole)


def span(made: Sequence[datetime | None]) -> tuple[datetime | None, datetime | None]:
    """Return when the newest and the oldest of some objects were made, listed newest first."""
    return next(filter(None, made), None), next(filter(None, reversed(made)), None)


def strayed(page: Asked, created: Iterable[int | None]) -> str:
    """Return how a page of objects created then breaks what was asked for, nothing if it does not."""
    if page.whole:
        return ""
    times = [at for at in created if at is not None]
    # What was read before may lie beyond a bound drawn since: it tells of the order alone.
    known = times if page.before_at is None else [int(page.before_at.timestamp()), *times]
    if any(map(lt, known, known[1:])):
        return "The list is not in the order of its objects' creation."
    if page.until_at is not None and times and times[0] >= page.until_at.timestamp():
        return "The list shows objects that are newer than asked for."
    if page.since_at is not None and times and times[-1] < page.since_at.timestamp():
        return "The list shows objects that are older than asked for."
    return ""
