"""The days of each currency, read from the tables for the rules: no more of them than they tell apart."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from accounts.reading import Asked, read
from metrics.alerts.rules import RULES, AlertSettings, since
from metrics.alerts.series import Series
from metrics.evidence.sums import COUNTS
from metrics.periods import days_between, month_of
from metrics.queries import Shown

COLUMNS = [name for kind, count in COUNTS.items() for name in (f"{kind}_micro", f"{kind}_squares", count)]
NET = "sum(new_micro + expansion_micro + reactivation_micro - contraction_micro - churn_micro)"
CAME = "sum(customers_new + customers_reactivated - customers_churned)"
WANTED = """organization_id = %(organization)s
    AND (%(currencies)s::text[] IS NULL OR currency = ANY(%(currencies)s))"""
# One statement: a rebuild's switch never gives half of each. What was held before the days, months tell.
# From one cut to the next the days are one, dated by its first that moved. Text is faster than decimals.
SEEN = f"""
SELECT currency, first_on, coalesce(mrr, 0) + coalesce(net, 0), coalesce(customers, 0) + coalesce(came, 0),
    failed_on, invoices, moved.*
FROM (
    SELECT definition_version, build, currency, {NET} FILTER (WHERE month < %(start)s) AS mrr,
        {CAME} FILTER (WHERE month < %(start)s) AS customers
    FROM metrics_monthlyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
    WHERE {WANTED} AND month < %(today)s GROUP BY definition_version, build, currency
) AS held CROSS JOIN LATERAL (
    SELECT day AS first_on FROM metrics_dailyrevenue
    WHERE organization_id = %(organization)s AND definition_version = held.definition_version
      AND build = held.build AND currency = held.currency AND day < %(today)s
    ORDER BY day LIMIT 1
) AS begun LEFT JOIN (
    SELECT currency, array_agg(day ORDER BY day) AS failed_on, array_agg(invoices ORDER BY day) AS invoices
    FROM metrics_dailyfailures WHERE {WANTED} AND day >= %(failing)s AND day < %(today)s GROUP BY currency
) AS failed USING (currency) LEFT JOIN (
    SELECT currency AS of, {NET} AS net, {CAME} AS came, array_agg(day ORDER BY day),
        {", ".join(f"array_agg({name}::text ORDER BY day)" for name in COLUMNS)}
    FROM (
        SELECT currency, min(day) AS day, {", ".join(f"sum({name}) AS {name}" for name in COLUMNS)}
        FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
        WHERE {WANTED} AND day >= %(start)s AND day < %(today)s
        GROUP BY currency, width_bucket(day, %(cuts)s)
    ) AS cut GROUP BY currency
) AS moved ON of = currency
"""  # noqa: S608 - constants of this module
FAILING = "failed_payments_rising"
Currencies = Sequence[str] | None


def series_of(
    shown: Shown,
    currency: str,
    judged_from: date,
    settings: AlertSettings,
    rules: Collection[str] = RULES,
) -> Series:
    """Return a currency's days up to the last local midnight, as far back as the rules need to judge one."""
    found = all_series(shown, judged_from, settings, [currency], rules)
    return found.get(currency) or Series(shown.today, first_on=shown.today, known_from=shown.today)


def all_series(
    shown: Shown,
    judged_from: date,
    settings: AlertSettings,
    currencies: Currencies = None,
    rules: Collection[str] = RULES,
) -> dict[str, Series]:
    """Return the days of some currencies, with None of all, by one statement; largest MRR first."""
    cuts = _cuts(judged_from, shown.today, settings, tuple(rules))
    rows = read(*seen_asked(shown, judged_from, settings, currencies, rules))
    found = {currency: _series(shown.today, cuts, *row) for currency, *row in rows}
    return dict(sorted(found.items(), key=lambda one: (-one[1].mrr_micro, one[0])))


def seen_asked(
    shown: Shown,
    judged_from: date,
    settings: AlertSettings,
    currencies: Currencies = None,
    rules: Collection[str] = RULES,
) -> Asked:
    """Return what `all_series` asks, for whoever reads it ahead."""
    cuts = _cuts(judged_from, shown.today, settings, tuple(rules))
    bound = {
        "organization": shown.organization_id,
        "currencies": None if currencies is None else list(currencies),
        "today": shown.today,
        "start": cuts[0],
        "cuts": list(cuts),
        "failing": since(FAILING, judged_from, settings) if FAILING in rules else shown.today,
    }
    return Asked(SEEN, bound)


@lru_cache(maxsize=256)
def _cuts(judged_from: date, today: date, settings: AlertSettings, rules: Sequence[str]) -> tuple[date, ...]:
    """Return the days at which what rules look at begins or ends, after the first of a month, in order."""
    judged = days_between(judged_from, today + timedelta(days=1))
    cuts = {cut for on in judged for rule in rules for cut in (on, *RULES[rule].cuts(on, settings))}
    return tuple(sorted({month_of(min(cuts)), *cuts}))


def _series(
    today: date,
    cuts: Sequence[date],
    first_on: date,
    mrr_micro: int,
    customers: int,
    failed_on: list[date] | None,
    invoices: list[int] | None,
    _currency: str | None,
    _net: int | None,
    _came: int | None,
    days: list[date] | None,
    *columns: Any,
) -> Series:
    sums = iter([list(map(int, column or ())) for column in columns])
    return Series(
        today=today,
        first_on=first_on,
        known_from=max(first_on, cuts[0]),
        mrr_micro=int(mrr_micro),
        customers=int(customers),
        days=days or (),
        moves={kind: (next(sums), next(sums), next(sums)) for kind in COUNTS},
        failures={
            on: count for on, count in zip(failed_on or (), invoices or (), strict=True) if on >= first_on
        },
        cuts=frozenset(cuts),
    )
