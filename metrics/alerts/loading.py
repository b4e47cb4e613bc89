"""The days of each currency, read from the tables for the rules."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from metrics.alerts.rules import RULES, AlertSettings, since
from metrics.alerts.series import Day, Moved, Series
from metrics.queries import Shown

# One statement: a rebuild's switch never gives half of each.
SEEN = """
SELECT currency, min(day), 'before',
       sum(new_micro + expansion_micro + reactivation_micro - contraction_micro - churn_micro), 0,
       sum(customers_new + customers_reactivated - customers_churned)
FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
WHERE organization_id = %s AND (%s::text[] IS NULL OR currency = ANY(%s)) AND day < %s
GROUP BY currency
UNION ALL
SELECT currency, day, kind, amount, squares, count
FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
CROSS JOIN LATERAL (VALUES
    ('new', new_micro, new_squares, customers_new),
    ('expansion', expansion_micro, expansion_squares, customers_expanded),
    ('reactivation', reactivation_micro, reactivation_squares, customers_reactivated),
    ('contraction', contraction_micro, contraction_squares, customers_contracted),
    ('churn', churn_micro, churn_squares, customers_churned)
) AS moved (kind, amount, squares, count)
WHERE organization_id = %s AND (%s::text[] IS NULL OR currency = ANY(%s)) AND day >= %s AND day < %s
  AND count <> 0
UNION ALL
SELECT currency, day, 'failed', 0, 0, invoices FROM metrics_dailyfailures
WHERE organization_id = %s AND (%s::text[] IS NULL OR currency = ANY(%s)) AND day >= %s AND day < %s
"""
FAILING = "failed_payments_rising"
FAILED, BEFORE = "failed", "before"
Currencies = Sequence[str] | None
Days = defaultdict[str, list[Day]]
Failures = defaultdict[str, list[tuple[date, int]]]


@dataclass(slots=True)
class Seen:
    """What is known of each currency: how it stood when today began, its days, its failed invoices."""

    balances: list[tuple[str, date, int, int]] = field(default_factory=list)
    days: Days = field(default_factory=lambda: Days(list))
    failed: Failures = field(default_factory=lambda: Failures(list))


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
    failing = since(FAILING, judged_from, settings) if FAILING in rules else today
    seen = _seen(shown, currencies, start, failing)
    return {
        currency: Series(
            today=today,
            first_on=first_on,
            known_from=max(first_on, start),
            mrr_micro=mrr_micro,
            customers=customers,
            days=seen.days.get(currency, ()),
            failures={on: count for on, count in seen.failed[currency] if on >= first_on},
        )
        for currency, first_on, mrr_micro, customers in sorted(seen.balances, key=_largest)
    }


def _seen(shown: Shown, currencies: Currencies, start: date, failing: date) -> Seen:
    """Return the balances, the movements since one day, and how many invoices first failed since another."""
    found, today = Seen(), shown.today
    who = (shown.organization_id, *_wanted(currencies))
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [*who, today, *who, start, today, *who, failing, today])
        for currency, on, kind, amount, squares, count in cursor.fetchall():
            if kind == FAILED:
                found.failed[currency].append((on, int(count)))
            elif kind == BEFORE:
                found.balances.append((currency, on, int(amount), int(count)))
            else:
                found.days[currency].append(Day(on, kind, Moved(int(amount), int(squares), int(count))))
    return found


def _largest(balance: tuple[str, date, int, int]) -> tuple[int, str]:
    currency, _, mrr_micro, _ = balance
    return -mrr_micro, currency


def _wanted(currencies: Currencies) -> tuple[list[str] | None, list[str] | None]:
    wanted = None if currencies is None else list(currencies)
    return wanted, wanted
