"""What a schedule plans, as far as the days ahead ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from billing_sync.payload import decompressor
from metrics.build.facts import reference
from metrics.build.load import fetch
from metrics.build.payloads import PhaseItem
from metrics.core.facts import Phase

SCHEDULES = (
    "SELECT stripe_id, payload FROM billing_sync_subscriptionschedule "
    "WHERE organization_id = %s AND connection_id = %s AND stripe_id = ANY(%s) AND deleted_at IS NULL"
)


class PlannedPhase(Struct, gc=False):
    start_date: int | None = None
    end_date: int | None = None
    items: list[PhaseItem] | None = None


class Schedule(Struct):
    """A schedule as Stripe keeps it."""

    status: str = ""
    end_behavior: str = ""
    phases: list[PlannedPhase] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The phases that have not begun, and when the schedule ends its subscription."""

    phases: tuple[Phase, ...] = ()
    closes_at: int | None = None


def planned(organization_id: UUID, connection_id: UUID, names: Iterable[str], at: int) -> dict[str, Planned]:
    """Return what some schedules plan after an instant; one that cannot be read plans nothing."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    zstd, decoder = decompressor(), msgspec.json.Decoder(Schedule, strict=False)
    found = {}
    for name, blob in fetch(SCHEDULES, (organization_id, connection_id, wanted)):
        try:
            found[name] = _after(decoder.decode(zstd.decompress(blob)), at)
        except msgspec.DecodeError:
            continue
    return found


def _after(schedule: Schedule, at: int) -> Planned:
    if schedule.status != "active":
        return Planned()
    phases = schedule.phases or []
    ends = max((one.end_date for one in phases if one.end_date is not None), default=None)
    return Planned(
        tuple(
            Phase(one.start_date, tuple(map(_ordered, one.items or ())))
            for one in phases
            if one.start_date is not None and one.start_date > at
        ),
        ends if schedule.end_behavior == "cancel" else None,
    )


def _ordered(item: Any) -> tuple[str, int]:
    return reference(item.price) or "", 1 if item.quantity is None else item.quantity
