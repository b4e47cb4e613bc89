"""The audit of one organization: everything summed once more, and compared with what is stored."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min

from accounts.tenancy import tenant
from config import clock
from metrics import definitions
from metrics.alerts.models import DailyFailures
from metrics.auditing.boundaries import calendar
from metrics.auditing.counting import DEPARTURES, FAILURES, failures
from metrics.auditing.drift import Drift, compare
from metrics.auditing.expecting import KINDS, Audited, BeforeFirstError, Expected, expected
from metrics.auditing.models import AuditRun
from metrics.auditing.snapshot import Snapshot, snapshot
from metrics.models import CurrentBuild, DailyRevenue, MonthlyRevenue, PlanRevenue, Segment
from metrics.payments.models import MonthlyDepartures

KEPT = timedelta(days=90)
FLOWS = (
    *(f"{kind}_micro" for kind in KINDS),
    *(f"customers_{word}" for word in KINDS.values()),
    "contracted_net_micro",
    "committed_net_micro",
)
SQUARES = tuple(f"{kind}_squares" for kind in KINDS)


def audit(organization_id: UUID) -> AuditRun | None:
    """Compare the build on show with its segments and keep what was found; None before the first build.

    It reads one moment's rows while others write, writes nothing but its own row, and mends nothing.
    """
    run = AuditRun(organization_id=organization_id, begun_at=clock.now())
    with snapshot(organization_id) as shared:
        audited = _audited(organization_id)
        if audited is None:
            return None
        run.definition_version, run.build = audited.definition_version, audited.build
        found = _expected(audited, shared)
        run.rows = found.rows + _compare(found, audited)
    run.customers, run.differences = found.customers, found.drift.rows
    run.drift = [asdict(one) for one in found.drift.shown]
    _keep(run)
    return run


def _audited(organization_id: UUID) -> Audited | None:
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    if pointer is None:
        return None
    rules = definitions.of_version(organization_id, pointer.definition_version)
    return Audited(
        organization_id,
        pointer.definition_version,
        pointer.build,
        pointer.computed_at,
        tuple(sorted(pointer.connection_ids)),
        rules.movement_window,
        rules.time_zone,
    )


def _expected(audited: Audited, shared: Snapshot) -> Expected:
    """Sum over the days that the daily table has; where something began before them, over all."""
    stored = _of(DailyRevenue, audited).aggregate(first=Min("day"))["first"]
    first = stored or audited.computed_at.date()
    try:
        return expected(audited, shared, calendar(audited.time_zone, first, audited.computed_at))
    except BeforeFirstError:
        began = _of(Segment, audited).aggregate(first=Min("from_at"))["first"].date()
        days = calendar(audited.time_zone, began - timedelta(days=1), audited.computed_at)
        return expected(audited, shared, days)


def _of(model: Any, audited: Audited) -> Any:
    return model.objects.filter(
        organization_id=audited.organization_id,
        definition_version=audited.definition_version,
        build=audited.build,
    )


def _compare(found: Expected, audited: Audited) -> int:
    """Compare the tables of sums; return how many rows they have."""
    daily = _stored(DailyRevenue, audited, ("currency", "day"), (*FLOWS, *SQUARES))
    monthly = _stored(MonthlyRevenue, audited, ("currency", "month"), FLOWS)
    plans = _stored(
        PlanRevenue, audited, ("currency", "month", "price_id"), ("net_micro", "items", "product_id")
    )
    products = {key: row.pop("product_id") for key, row in plans.items()}
    compare(found.drift, "metrics_dailyrevenue", daily, _filled(found.daily, (*FLOWS, *SQUARES)))
    compare(found.drift, "metrics_monthlyrevenue", monthly, _filled(found.monthly, FLOWS))
    compare(found.drift, "metrics_planrevenue", plans, _filled(found.plans, ("net_micro", "items")))
    _compare_products(found.drift, products, found.products)
    return len(daily) + len(monthly) + len(plans) + _compare_beside(found, audited)


def _compare_beside(found: Expected, audited: Audited) -> int:
    """Compare the sums of who left and of what failed; return how many rows they have."""
    left = _stored(MonthlyDepartures, audited, ("currency", "month", "why"), DEPARTURES)
    every = DailyFailures.objects.filter(organization_id=audited.organization_id)
    failed = _rows(every, ("currency", "day"), FAILURES)
    due = failures(audited.bound(), audited.time_zone)
    compare(found.drift, "metrics_monthlydepartures", left, _filled(found.departures, DEPARTURES))
    compare(found.drift, "metrics_dailyfailures", failed, due)
    return len(left) + len(failed)


def _stored(
    model: Any, audited: Audited, key: tuple[str, ...], columns: tuple[str, ...]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    return _rows(_of(model, audited), key, columns)


def _rows(
    found: Any, key: tuple[str, ...], columns: tuple[str, ...]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = found.values_list(*key, *columns)
    return {tuple(row[: len(key)]): dict(zip(columns, row[len(key) :], strict=True)) for row in rows}


def _filled(
    rows: Mapping[Any, Mapping[str, int]], columns: tuple[str, ...]
) -> dict[tuple[Any, ...], dict[str, int]]:
    return {key: {column: row.get(column, 0) for column in columns} for key, row in rows.items()}


def _compare_products(
    drift: Drift, stored: Mapping[tuple[str, date, str], str], known: Mapping[str, set[str]]
) -> None:
    """Compare the plans' products; where a price's segments name several, each of them will do."""
    for key, product in sorted(stored.items()):
        due = known.get(key[2], set())
        if due and product not in due:
            one = {key: {"product_id": product}}
            compare(drift, "metrics_planrevenue", one, {key: {"product_id": min(due)}})


def _keep(run: AuditRun) -> None:
    run.ended_at = clock.now()
    with tenant(run.organization_id):
        run.save(force_insert=True)
        old = AuditRun.objects.filter(organization_id=run.organization_id)
        old.filter(begun_at__lt=run.begun_at - KEPT).delete()
