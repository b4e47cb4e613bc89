"""Every figure of every month of a build, and which of them differ between two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from metrics.build.write import Build
from metrics.flows import FLOWS, NOTHING, Balance, flows_of
from metrics.flows import Flows as Figures
from metrics.models import MonthlyRevenue
from metrics.periods import shift

Flows = Mapping[str, Mapping[date, Mapping[str, int]]]
FIGURES = tuple(name for name in asdict(Figures(currency="")) if name not in ("currency", "currency_micro"))
ZERO: Mapping[str, int] = dict.fromkeys(FIGURES, 0)


def flows_in(build: Build) -> dict[str, dict[date, dict[str, int]]]:
    """Return the monthly flows of a build by currency and month."""
    rows = MonthlyRevenue.objects.filter(
        organization_id=build.organization_id,
        definition_version=build.definition_version,
        build=build.number,
    )
    found: dict[str, dict[date, dict[str, int]]] = {}
    for currency, month, *values in rows.values_list("currency", "month", *FLOWS):
        found.setdefault(currency, {})[month] = flows_of(values)
    return found


def figures_of(flows: Flows, until: date) -> dict[tuple[date, str], dict[str, int]]:
    """Return the figures of every month and currency from its first to the month `until`."""
    found = {}
    for currency, months in flows.items():
        balance, month = Balance(), min(months, default=shift(until, 1))
        while month <= until:
            found[month, currency] = balance.step(months.get(month, NOTHING))
            month = shift(month, 1)
    return found


def changes_between(
    before: Mapping[tuple[date, str], Mapping[str, int]], after: Mapping[tuple[date, str], Mapping[str, int]]
) -> Iterator[dict[str, Any]]:
    """Return each figure of a month that differs, oldest month first, as a restatement lists it."""
    for month, currency in sorted(before.keys() | after.keys()):
        old, new = (each.get((month, currency), ZERO) for each in (before, after))
        for name in FIGURES:
            if old.get(name, 0) != new.get(name, 0):
                yield {
                    "month": month.isoformat(),
                    "currency": currency,
                    "figure": name,
                    "before": old.get(name, 0),
                    "after": new.get(name, 0),
                }


def months_of(changes: Iterable[Mapping[str, Any]]) -> list[date]:
    """Return the months that a list of changes names, oldest first."""
    return sorted({date.fromisoformat(change["month"]) for change in changes})
