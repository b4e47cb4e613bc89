"""Closing a month: its numbers are kept as they were published, whatever is learned later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.audit import record
from accounts.models import User
from billing_sync import health
from billing_sync.health import Health
from config import clock
from metrics import queries
from metrics.alerts import versions
from metrics.build.write import Build
from metrics.core.intervals import day_start
from metrics.definitions import of_version
from metrics.flows import Flows
from metrics.model import model, waterfall, written
from metrics.models import CurrentBuild
from metrics.periods import month_of, shift
from metrics.queries import Shown
from metrics.restating.balances import balances, freeze, scopes
from metrics.restating.figures import figures_of, flows_in
from metrics.restating.models import ClosedBalance, ClosedMonth


class Refusal(Exception):  # noqa: N818
    """Why a month cannot be closed now: one of the words below."""

    NO_NUMBERS, NOT_ENDED, CLOSED, EMPTY = "no_numbers", "not_ended", "closed", "empty"
    COMPUTING, BEHIND, UNHEALTHY = "computing", "behind", "unhealthy"

    def __init__(self, why: str, health: Health | None = None) -> None:
        super().__init__(why)
        self.why, self.health = why, health


@dataclass(frozen=True, slots=True)
class Published:
    """One month in one currency: as it was published, and as the numbers stand by now."""

    row: ClosedMonth
    before: Flows
    after: Flows

    @property
    def changed(self) -> bool:
        """Say whether anything differs from what was published."""
        return self.before != self.after


def close(organization_id: UUID, month: date, *, by: User) -> list[ClosedMonth]:
    """Freeze a month in every currency, in the transaction in progress; Refusal says why not."""
    # An increment waits for this lock before it commits, and then sees the month closed.
    pointer = CurrentBuild.objects.select_for_update().filter(organization_id=organization_id).first()
    shown = queries.shown(organization_id)
    why = refusal(shown, month, health.worst(health.standings(organization_id)))
    if why is not None:
        raise why
    assert pointer is not None
    if closed(organization_id).filter(month=month).exists():
        raise Refusal(Refusal.CLOSED)
    build = Build(organization_id, pointer.definition_version, pointer.build)
    found = figures_of(flows_in(build), month)
    rows = [
        _row(shown, month, currency, figures, by)
        for (each, currency), figures in sorted(found.items())
        if each == month
    ]
    if not rows:
        raise Refusal(Refusal.EMPTY)
    ClosedMonth.objects.bulk_create(rows)
    customers = sum(
        freeze(organization_id, month, balances(build, shown.definition, month, scope))
        for scope in scopes(build, pointer.connection_ids)
    )
    record("month.closed", actor=by, subject=f"{month:%Y-%m}", customers=customers)
    return rows


def refusal(shown: Shown, month: date, worst: Health) -> Refusal | None:
    """Return why a month cannot be closed at present: it has ended, and all of it is known, or not."""
    fresh = shown.freshness
    if fresh.computed_at is None:
        return Refusal(Refusal.NO_NUMBERS)
    if month > month_of(shown.today):
        return Refusal(Refusal.NOT_ENDED)
    end = datetime.fromtimestamp(day_start(shift(month, 1), shown.zone), UTC)
    if end > fresh.computed_at:
        return Refusal(Refusal.NOT_ENDED)
    if fresh.computing:
        return Refusal(Refusal.COMPUTING)
    if fresh.data_through is None or fresh.data_through < end:
        return Refusal(Refusal.BEHIND)
    if worst not in (Health.FRESH, Health.DISCONNECTED):
        return Refusal(Refusal.UNHEALTHY, worst)
    return None


def closed(organization_id: UUID) -> "QuerySet[ClosedMonth]":
    """Return the closed months, newest first, one row per currency."""
    rows = ClosedMonth.objects.filter(organization_id=organization_id)
    return rows.select_related("closed_by").order_by("-month", "currency")


def by_size(rows: Iterable[ClosedMonth], own: str) -> list[ClosedMonth]:
    """Return closed months newest first, of each the organization's own currency, then by published MRR."""
    return sorted(
        rows,
        key=lambda row: (
            -row.month.toordinal(),
            row.currency != own.lower(),
            -row.figures["flows"].get("ending_micro", 0),
            row.currency,
        ),
    )


def published(row: ClosedMonth) -> Published:
    """Return a closed month's figures, then and now."""
    then, now = (Flows(currency=row.currency, **each["flows"]) for each in (row.figures, row.restated))
    return Published(row, then, now)


def changed_balances(organization_id: UUID, month: date) -> "QuerySet[ClosedBalance]":
    """Return the customers who differ from what was published."""
    rows = ClosedBalance.objects.filter(organization_id=organization_id, month=month, restated__isnull=False)
    return rows.order_by("currency", "connection_id", "customer_id")


def published_model(row: ClosedMonth, *, restated: bool = False) -> dict[str, Any]:
    """Return the JSON model of a closed month, as published or as it stands by now."""
    held = published(row)
    version = row.restated["definition_version"] if restated else row.definition_version
    period = row.figures["period"]
    rules = versions.of_version(row.organization_id, row.figures["alerts_version"])
    flows = held.after if restated else held.before
    return model(waterfall(flows), of_version(row.organization_id, version), rules, period)


def _row(shown: Shown, month: date, currency: str, figures: dict[str, int], by: User) -> ClosedMonth:
    following, through = shift(month, 1), shown.freshness.data_through
    end = datetime.fromtimestamp(day_start(following, shown.zone), UTC)
    period = {
        "start": month.isoformat(),
        "end": following.isoformat(),
        "as_of": written(end),
        "data_through": written(through) if through else "",
    }
    return ClosedMonth(
        organization_id=shown.organization_id,
        month=month,
        currency=currency,
        figures={"flows": figures, "period": period, "alerts_version": shown.alerts_version},
        restated={"flows": figures, "definition_version": shown.definition.version, "at": None},
        definition_version=shown.definition.version,
        data_through=through,
        closed_at=clock.now(),
        closed_by=by,
    )
