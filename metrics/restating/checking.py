"""After every build: published numbers that changed become one dated entry, named by cause and objects."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from billing_sync.models import Connection, Customer
from config import clock
from metrics import definitions
from metrics.build.write import Build, Scope
from metrics.core.definition import Definition
from metrics.core.intervals import local_day
from metrics.models import CurrentBuild
from metrics.models import Definition as Version
from metrics.periods import month_of
from metrics.restating import balances, entries
from metrics.restating.entries import enter
from metrics.restating.figures import ZERO, changes_between, figures_of, flows_in, months_of
from metrics.restating.models import ClosedBalance, ClosedMonth, PreviewedChange
from metrics.restating.narrowing import differences

NAMED = 1_000


@dataclass(slots=True)
class Restated:
    """What a check of the closed months found: the figures that changed, and whose."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    customers: list[tuple[UUID, str]] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many customers and subscriptions changed."""
        return {"customers": len(self.customers), "subscriptions": len(self.subscriptions)}

    def objects(self) -> list[str]:
        """Return the ids to name, customers first."""
        names = dict.fromkeys([*(name for _, name in self.customers), *self.subscriptions])
        return list(names)[:NAMED]


def after_rebuild(build: Build, before: CurrentBuild | None) -> None:
    """Compare the build that readers see from now on with the one before, which is still stored."""
    if before is None:
        return
    pointer = CurrentBuild.objects.get(organization_id=build.organization_id)
    if before.definition_version != build.definition_version:
        _definition_changed(build, before, pointer)
    else:
        restated = restate_closed(build)
        if restated.changes:
            _enter(build, *_cause(before, pointer), restated)
    _forget(build.organization_id, sorted(set(before.connection_ids) - set(pointer.connection_ids)))


def after_increment(build: Build, touched: Mapping[UUID, Collection[str]]) -> None:
    """Check the closed months after some payers were computed again in place."""
    restated = restate_closed(build, [Scope(one, sorted(names)) for one, names in touched.items()])
    if restated.changes:
        gone = _all_deleted(build.organization_id, restated.customers)
        _enter(build, entries.ERASURE if gone else entries.LATE_EVENT, {}, restated)


def restate_closed(build: Build, scopes: Sequence[Scope] | None = None) -> Restated:
    """Bring what is held of closed months up to date: sums first, customers only where a sum differs.

    Without scopes everyone is looked at.
    """
    organization_id, restated = build.organization_id, Restated()
    closed = list(ClosedMonth.objects.filter(organization_id=organization_id).order_by("month", "currency"))
    if not closed:
        return restated
    held = {(row.month, row.currency): row.restated["flows"] for row in closed}
    months = {row.month for row in closed}
    found = figures_of(flows_in(build), max(months))
    present = {key: figures for key, figures in found.items() if key[0] in months}
    restated.changes = list(changes_between(held, present))
    if restated.changes:
        changed = months_of(restated.changes)
        _hold(closed, {key: present.get(key, ZERO) for key in held | present if key[0] in changed}, build)
        definition = definitions.of_version(organization_id, build.definition_version)
        _name(build, definition, changed, scopes, restated)
    return restated


def _hold(closed: Sequence[ClosedMonth], figures: Mapping[tuple[date, str], Any], build: Build) -> None:
    """Keep the present figures beside those published; a currency that is new to a month was 0 in it."""
    rows, siblings = {(row.month, row.currency): row for row in closed}, {row.month: row for row in closed}
    for (month, currency), flows in figures.items():
        row = rows.get((month, currency))
        if row is None:
            sibling = siblings[month]
            row = ClosedMonth(
                organization_id=build.organization_id,
                month=month,
                currency=currency,
                figures={**sibling.figures, "flows": dict(ZERO)},
                definition_version=sibling.definition_version,
                data_through=sibling.data_through,
                closed_at=sibling.closed_at,
                closed_by_id=sibling.closed_by_id,
            )
        row.restated = {
            "flows": dict(flows),
            "definition_version": build.definition_version,
            "at": clock.now().isoformat(),
        }
        row.save()


def _name(
    build: Build,
    definition: Definition,
    months: Sequence[date],
    scopes: Sequence[Scope] | None,
    restated: Restated,
) -> None:
    customers: set[tuple[UUID, str]] = set()
    subscriptions: set[str] = set()
    for month, scope in product(months, _everyone(build, months) if scopes is None else scopes):
        held = balances.of_month(build.organization_id, month, scope)
        present = balances.balances(build, definition, month, scope)
        apart = list(balances.differing(held, present))
        balances.restate(build.organization_id, month, [(key, new) for key, _, new in apart])
        for (_, connection_id, name), old, new in apart:
            customers.add((connection_id, name))
            subscriptions.update(balances.subscriptions_of(old, new))
    restated.customers, restated.subscriptions = sorted(customers), sorted(subscriptions)


def _everyone(build: Build, months: Sequence[date]) -> Iterator[Scope]:
    """Yield ranges that hold the payers of the build, and those of accounts that have left it."""
    pointer = CurrentBuild.objects.get(organization_id=build.organization_id)
    held = balances.connections_of(build.organization_id, months)
    return balances.scopes(build, sorted(held.union(pointer.connection_ids)))


def _definition_changed(build: Build, before: CurrentBuild, pointer: CurrentBuild) -> None:
    organization_id, old = build.organization_id, before.definition_version
    was, now = (definitions.of_version(organization_id, each) for each in (old, build.definition_version))
    at = int(pointer.computed_at.timestamp())
    until = max(month_of(local_day(at, ZoneInfo(each.time_zone))) for each in (was, now))
    earlier = Build(organization_id, old, before.build)
    figures = [figures_of(flows_in(each), until) for each in (earlier, build)]
    row = Version.objects.get(organization_id=organization_id, version=now.version)
    closed = restate_closed(build)
    enter(
        organization_id,
        entries.DEFINITION,
        list(changes_between(*figures)),
        version=now.version,
        detail={
            "version_before": old,
            "version_after": now.version,
            "settings": {name: list(pair) for name, pair in differences(was, now).items()},
            "closed_months": [month.isoformat() for month in months_of(closed.changes)],
        },
        by=row.created_by,
    )


def _enter(build: Build, cause: str, detail: Mapping[str, Any], restated: Restated) -> None:
    # What was erased is counted, never named.
    names = [] if cause == entries.ERASURE else restated.objects()
    enter(
        build.organization_id,
        cause,
        restated.changes,
        version=build.definition_version,
        objects=names,
        detail={**detail, **restated.counts()},
    )


def _cause(before: CurrentBuild, after: CurrentBuild) -> tuple[str, dict[str, Any]]:
    old, new = set(before.connection_ids), set(after.connection_ids)
    gone, come = old - new, new - old
    if gone:
        return entries.ERASURE, {"connections": sorted(map(str, gone))}
    if come:
        return entries.ACCOUNTS, {"connections": sorted(map(str, come))}
    return (entries.EDITION if before.edition != after.edition else entries.LATE_EVENT), {}


def _all_deleted(organization_id: UUID, customers: Sequence[tuple[UUID, str]]) -> bool:
    names = {name for _, name in customers}
    gone = Customer.objects.filter(
        organization_id=organization_id, stripe_id__in=names, deleted_at__isnull=False
    )
    return bool(names) and gone.values("stripe_id").distinct().count() == len(names)


def _forget(organization_id: UUID, connection_ids: Sequence[UUID]) -> None:
    """Delete what is held customer by customer of accounts whose data were deleted; sums stay published."""
    kept = Connection.objects.filter(organization_id=organization_id, id__in=connection_ids)
    still = set(kept.exclude(state=Connection.State.DELETING).values_list("id", flat=True))
    gone = [each for each in connection_ids if each not in still]
    if gone:
        for model in (ClosedBalance, PreviewedChange):
            model._default_manager.filter(organization_id=organization_id, connection_id__in=gone).delete()
