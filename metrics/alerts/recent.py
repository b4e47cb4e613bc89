"""What the rules look at: the recent movements, balances and failed payments of one currency."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Min, Q, Sum

from metrics.alerts.failures import first_failures
from metrics.alerts.rules import Move, Recent, months_before
from metrics.models import DailyRevenue, Movement
from metrics.queries import Shown, current

MONTH = timedelta(days=30)
MONTHS = 8
CUSTOMERS = {"customers_new": 1, "customers_reactivated": 1, "customers_churned": -1}
GAINS, LOSSES = ("new_micro", "expansion_micro", "reactivation_micro"), ("contraction_micro", "churn_micro")
MRR = dict.fromkeys(GAINS, 1) | dict.fromkeys(LOSSES, -1)


def recent(shown: Shown, currency: str) -> Recent:
    """Return what happened in a currency up to the last local midnight."""
    today = shown.today
    balances = _balances(shown, currency, today)
    moves = current(Movement.objects.filter(currency=currency), shown.organization_id)
    rows = moves.filter(date__gte=months_before(today, MONTHS), date__lt=today)
    return Recent(
        today=today,
        first_on=balances["first"] or today,
        mrr_micro=_net(MRR, balances, "now"),
        customers=_net(CUSTOMERS, balances, "now"),
        customers_30_days_ago=_net(CUSTOMERS, balances, "then"),
        moves=[Move(*row) for row in rows.values_list("date", "kind", "amount_micro")],
        failed_on=first_failures(shown, currency, today - 2 * MONTH, today),
    )


def _balances(shown: Shown, currency: str, today: date) -> dict[str, Any]:
    """Sum the flows of every day before today, and before the day 30 days earlier."""
    days = current(DailyRevenue.objects.filter(currency=currency), shown.organization_id)
    now, then = Q(day__lt=today), Q(day__lt=today - MONTH)
    sums = {f"{name}_now": Sum(name, filter=now) for name in (*MRR, *CUSTOMERS)}
    sums |= {f"{name}_then": Sum(name, filter=then) for name in CUSTOMERS}
    return days.aggregate(first=Min("day"), **sums)


def _net(signs: dict[str, int], sums: dict[str, Any], when: str) -> int:
    return sum(sign * int(sums[f"{name}_{when}"] or 0) for name, sign in signs.items())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many stand behind the figures of the trailing 30 days, and of the 30 before them."""

    churned: int
    failed: int
    failed_before: int


def counts(known: Recent) -> Counts:
    """Count the movements and the invoices behind the rules' figures."""
    middle, start = known.today - MONTH, known.today - 2 * MONTH
    return Counts(
        churned=len(known.within(middle, known.today, "churn")),
        failed=sum(middle <= day < known.today for day in known.failed_on),
        failed_before=sum(start <= day < middle for day in known.failed_on),
    )
