"""The days of each currency, read from the tables for the rules."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from accounts.reading import read
from metrics.alerts.rules import RULES, AlertSettings, since
from metrics.alerts.series import Series
from metrics.evidence.sums import COUNTS
from metrics.queries import Shown

COLUMNS = [name for kind, count in COUNTS.items() for name in (f"{kind}_micro", f"{kind}_squares", count)]
WANTED = """organization_id = %(organization)s
    AND (%(currencies)s::text[] IS NULL OR currency = ANY(%(currencies)s))"""
# One statement: a rebuild's switch never gives half of each. Text is read faster than a decimal.
SEEN = f"""
SELECT currency, first_on, mrr, customers, failed_on, invoices, moved.*
FROM (
    SELECT currency, min(day) AS first_on,
        sum(new_micro + expansion_micro + reactivation_micro - contraction_micro - churn_micro) AS mrr,
        sum(customers_new + customers_reactivated - customers_churned) AS customers
    FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
    WHERE {WANTED} AND day < %(today)s GROUP BY currency
) AS held LEFT JOIN (
    SELECT currency, array_agg(day ORDER BY day) AS failed_on, array_agg(invoices ORDER BY day) AS invoices
    FROM metrics_dailyfailures WHERE {WANTED} AND day >= %(failing)s AND day < %(today)s GROUP BY currency
) AS failed USING (currency) LEFT JOIN (
    SELECT currency AS of, array_agg(day ORDER BY day),
        {", ".join(f"array_agg({name}::text ORDER BY day)" for name in COLUMNS)}
    FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
    WHERE {WANTED} AND day >= %(start)s AND day < %(today)s GROUP BY currency
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
    today = shown.today
    start = min(since(rule, judged_from, settings) for rule in rules)
    bound = {
        "organization": shown.organization_id,
        "currencies": None if currencies is None else list(currencies),
        "today": today,
        "start": start,
        "failing": since(FAILING, judged_from, settings) if FAILING in rules else today,
    }
    found = {currency: _series(today, start, *row) for currency, *row in read(SEEN, bound)}
    return dict(sorted(found.items(), key=lambda one: (-one[1].mrr_micro, one[0])))


def _series(
    today: date,
    start: date,
    first_on: date,
    mrr_micro: int,
    customers: int,
    failed_on: list[date] | None,
    invoices: list[int] | None,
    _currency: str | None,
    days: list[date] | None,
    *columns: Any,
) -> Series:
    sums = iter([list(map(int, column or ())) for column in columns])
    return Series(
        today=today,
        first_on=first_on,
        known_from=max(first_on, start),
        mrr_micro=int(mrr_micro),
        customers=int(customers),
        days=days or (),
        moves={kind: (next(sums), next(sums), next(sums)) for kind in COUNTS},
        failures={
            on: count for on, count in zip(failed_on or (), invoices or (), strict=True) if on >= first_on
        },
    )
