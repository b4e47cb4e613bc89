"""What the last audit found, as rows of a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config import clock
from dashboards.formatting import DASH
from dashboards.sync_history import duration
from metrics.auditing.nightly import latest

# A night may be missed, by a worker that stood still or a machine that was off.
OVERDUE = timedelta(hours=50)
TABLES: "dict[str, str | Promise]" = {
    "metrics_movement": gettext_lazy("Movements"),
    "metrics_customerbalance": gettext_lazy("Customers' balances"),
    "metrics_dailyrevenue": gettext_lazy("Daily revenue"),
    "metrics_monthlyrevenue": gettext_lazy("Monthly revenue"),
    "metrics_planrevenue": gettext_lazy("Plans"),
    "metrics_monthlydepartures": gettext_lazy("Why customers left"),
    "metrics_dailyfailures": gettext_lazy("Failed payments"),
}


@dataclass(frozen=True, slots=True)
class Drifted:
    """One column that differs, ready to be drawn."""

    table: str
    key: str
    column: str
    stored: str
    expected: str


@dataclass(frozen=True, slots=True)
class Audited:
    """The last audit, ready to be drawn."""

    begun_at: datetime
    took: str
    customers: int
    rows: int
    differences: int
    drift: list[Drifted]
    overdue: bool


def last_audit(organization_id: UUID) -> Audited | None:
    """Return what the last audit found, None before the first."""
    run = latest(organization_id)
    if run is None:
        return None
    return Audited(
        run.begun_at,
        duration((run.ended_at or run.begun_at) - run.begun_at),
        run.customers,
        run.rows,
        run.differences,
        [_drifted(one) for one in run.drift],
        clock.now() - run.begun_at > OVERDUE,
    )


def _drifted(one: dict[str, Any]) -> Drifted:
    return Drifted(
        str(TABLES.get(one["table"], one["table"])),
        one["key"],
        one["column"],
        DASH if one["stored"] is None else one["stored"],
        DASH if one["expected"] is None else one["expected"],
    )
