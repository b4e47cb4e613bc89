"""Read the history of the sync for a page: newest first, a page at a time, by a place that stays true."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from billing_sync.models import Repair, SyncRun

Row = TypeVar("Row", SyncRun, Repair)
COMPARISONS = (SyncRun.Kind.NIGHTLY, SyncRun.Kind.WEEKLY)


class PlaceError(ValueError):
    """Raised where a text does not name a place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row's time and id: what is older comes after it."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%S.%f}_{self.id}"


def place_of(text: str) -> Place | None:
    """Return the place that an address names, None where it names none."""
    if not text:
        return None
    at, _, identity = text.partition("_")
    try:
        return Place(datetime.fromisoformat(f"{at}+00:00"), UUID(identity))
    except ValueError as error:
        raise PlaceError(text) from error


def runs(organization_id: UUID, before: Place | None, count: int) -> tuple[list[SyncRun], Place | None]:
    """Return runs older than a place, and the place of those that follow, None at the end."""
    return _page(SyncRun.objects.filter(organization_id=organization_id), "started_at", before, count)


def repairs(organization_id: UUID, before: Place | None, count: int) -> tuple[list[Repair], Place | None]:
    """Return repairs older than a place, and the place of those that follow, None at the end."""
    return _page(Repair.objects.filter(organization_id=organization_id), "found_at", before, count)


def latest_comparisons(organization_id: UUID) -> dict[UUID, SyncRun]:
    """Return each connection's newest comparison that came to its end."""
    ended = SyncRun.objects.filter(
        organization_id=organization_id, kind__in=COMPARISONS, state=SyncRun.State.DONE
    )
    newest = ended.order_by("connection_id", "-started_at").distinct("connection_id")
    return {run.connection_id: run for run in newest}


def _page(
    rows: "QuerySet[Row]", time: str, before: Place | None, count: int
) -> tuple[list[Row], Place | None]:
    if before is not None:
        same: dict[str, Any] = {time: before.at, "id__lt": before.id}
        rows = rows.filter(Q(**{f"{time}__lt": before.at}) | Q(**same))
    found = list(rows.order_by(f"-{time}", "-id")[: count + 1])
    last = found[count - 1] if len(found) > count else None
    return found[:count], Place(getattr(last, time), last.id) if last else None
