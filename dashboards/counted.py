"""Of when the figures are that a job counts, in words."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from config import dates
from metrics.cohorts.counting import counted, is_fresh
from metrics.queries import Shown

# Of fewer customers a rate says more about chance than about them.
FEW = 30


@dataclass(frozen=True, slots=True)
class AsOf:
    """When the data were that were counted; nothing before the first time. `stale` where newer ones wait."""

    at: str = ""
    stale: bool = False
    version: int | None = None


def as_of(shown: Shown) -> AsOf:
    """Return of when the counted figures are."""
    known = counted(shown.organization_id)
    if known is None:
        return AsOf()
    zone = ZoneInfo(shown.definition.time_zone)
    at = dates.moment(known.computed_at.astimezone(zone))
    return AsOf(at, not is_fresh(known, shown), known.definition_version)
