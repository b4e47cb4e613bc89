"""The days of one currency, read from the tables for the rules."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from metrics.alerts.failures import first_failures
from metrics.alerts.rules import RULES, AlertSettings, since
from metrics.alerts.series import Day, Moved, Series
from metrics.queries import Shown

# Each statement names the build on show itself: a rebuild's switch never gives half of each.
BALANCES = """
SELECT min(day),
       coalesce(
           sum(new_micro + expansion_micro + reactivation_micro - contraction_micro - churn_micro), 0
       )::numeric,
       coalesce(sum(customers_new + customers_reactivated - customers_churned), 0)::bigint
FROM metrics_dailyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
WHERE organization_id = %s AND currency = %s AND day < %s
"""
DAYS = """
SELECT date, kind, sum(abs(amount_micro)), sum(amount_micro::numeric * amount_micro), count(*)
FROM metrics_movement JOIN metrics_currentbuild USING (organization_id, definition_version, build)
WHERE organization_id = %s AND currency = %s AND date >= %s AND date < %s
GROUP BY date, kind
"""
FAILING = "failed_payments_rising"


def series_of(
    shown: Shown,
    currency: str,
    judged_from: date,
    settings: AlertSettings,
    rules: Collection[str] = RULES,
) -> Series:
    """Return a currency's days up to the last local midnight, as far back as the rules need to judge one."""
    today = shown.today
    looked_at = min(since(rule, judged_from, settings) for rule in rules)
    first_on, mrr_micro, customers = _balances(shown, currency, today)
    start = max(first_on, looked_at)
    return Series(
        today=today,
        first_on=first_on,
        known_from=start,
        mrr_micro=mrr_micro,
        customers=customers,
        days=_days(shown, currency, start, today),
        failed_on=_failed(shown, currency, start, today) if FAILING in rules else (),
    )


def _days(shown: Shown, currency: str, start: date, end: date) -> list[Day]:
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [shown.organization_id, currency, start, end])
        return [
            Day(on, kind, Moved(int(amount), int(squares), count))
            for on, kind, amount, squares, count in cursor.fetchall()
        ]


def _failed(shown: Shown, currency: str, start: date, end: date) -> list[date]:
    return [one.on for one in first_failures(shown, currency, start, end)]


def _balances(shown: Shown, currency: str, today: date) -> tuple[date, int, int]:
    """Return the day on which history begins, and the MRR and customers that every day before today left."""
    with connection.cursor() as cursor:
        cursor.execute(BALANCES, [shown.organization_id, currency, today])
        first_on, mrr_micro, customers = cursor.fetchone()
    return first_on or today, int(mrr_micro), customers
