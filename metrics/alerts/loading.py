"""The days of one currency, read from the tables for the rules."""

from datetime import date
from typing import Any

from django.db.models import Count, DecimalField, Min, Sum
from django.db.models.functions import Abs, Cast

from metrics.alerts.failures import first_failures
from metrics.alerts.rules import RULES, AlertSettings, since
from metrics.alerts.series import Day, Moved, Series
from metrics.models import DailyRevenue, Movement
from metrics.queries import Shown, current

CUSTOMERS = {"customers_new": 1, "customers_reactivated": 1, "customers_churned": -1}
MRR = {
    "new_micro": 1,
    "expansion_micro": 1,
    "reactivation_micro": 1,
    "contraction_micro": -1,
    "churn_micro": -1,
}


def series_of(shown: Shown, currency: str, judged_from: date, settings: AlertSettings) -> Series:
    """Return a currency's days up to the last local midnight, as far back as judging a day needs."""
    today = shown.today
    looked_at = min(since(rule, judged_from, settings) for rule in RULES)
    balances = _balances(shown, currency, today)
    first_on = balances["first"] or today
    start = max(first_on, looked_at)
    return Series(
        today=today,
        first_on=first_on,
        known_from=start,
        mrr_micro=_net(MRR, balances),
        customers=_net(CUSTOMERS, balances),
        days=_days(shown, currency, start, today),
        failed_on=[one.on for one in first_failures(shown, currency, start, today)],
    )


def _days(shown: Shown, currency: str, start: date, end: date) -> list[Day]:
    moves = current(Movement.objects.filter(currency=currency), shown.organization_id)
    exact = Cast("amount_micro", DecimalField(max_digits=40, decimal_places=0))
    rows = (
        moves.filter(date__gte=start, date__lt=end)
        .values_list("date", "kind")
        .annotate(amount=Sum(Abs("amount_micro")), squares=Sum(exact * exact), count=Count("*"))
    )
    return [
        Day(on, kind, Moved(int(amount), int(squares), count)) for on, kind, amount, squares, count in rows
    ]


def _balances(shown: Shown, currency: str, today: date) -> dict[str, Any]:
    """Sum the flows of every day before today."""
    days = current(DailyRevenue.objects.filter(currency=currency, day__lt=today), shown.organization_id)
    sums = {f"{name}_sum": Sum(name) for name in (*MRR, *CUSTOMERS)}
    return days.aggregate(first=Min("day"), **sums)


def _net(signs: dict[str, int], sums: dict[str, Any]) -> int:
    return sum(sign * int(sums[f"{name}_sum"] or 0) for name, sign in signs.items())
