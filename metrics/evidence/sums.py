"""What the tables of sums say of all rows behind a number, so that a page reads its own rows alone."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.reading import Asked, read
from metrics.evidence.pages import BUILT, fetched
from metrics.periods import month_of
from metrics.queries import Shown

# Up to so many rows are summed where they lie: every figure of theirs is told, whatever is filtered.
FEW = 5_000
COUNTS = {
    "new": "customers_new",
    "expansion": "customers_expanded",
    "reactivation": "customers_reactivated",
    "contraction": "customers_contracted",
    "churn": "customers_churned",
}
LOSSES = ("contraction", "churn")
STANDING = f"""
    SELECT
        coalesce(sum(new_micro + expansion_micro + reactivation_micro - contraction_micro - churn_micro), 0),
        coalesce(sum(committed_net_micro), 0), coalesce(sum(contracted_net_micro), 0),
        coalesce(sum(customers_new + customers_reactivated - customers_churned), 0),
        coalesce(sum({" + ".join(COUNTS.values())}), 0)
    FROM metrics_dailyrevenue WHERE {BUILT} AND currency = %(currency)s AND day <= %(on)s
"""  # noqa: S608 - constants of this module, as below
PLANNED = f"""
    SELECT coalesce(sum(net_micro), 0) FROM metrics_planrevenue
    WHERE {BUILT} AND currency = %(currency)s AND price_id = %(plan)s AND month <= %(month)s
"""  # noqa: S608
MOVED = """
    SELECT {period}, {amounts}, {counts} FROM {table}
    WHERE {built} AND currency = %(currency)s AND {period} >= %(start)s AND {period} < %(end)s
    ORDER BY {period} DESC
"""


MOVED_BETWEEN = f"""
    SELECT {", ".join(f"coalesce(sum({kind}_micro), 0)" for kind in COUNTS)} FROM metrics_dailyrevenue
    WHERE {BUILT} AND currency = %(currency)s AND day >= %(start)s AND day < %(end)s
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Standing:
    """What all customers held at the end of a day, how many held MRR, and the movements that led there."""

    mrr_micro: int
    committed_micro: int
    contracted_micro: int
    customers: int
    movements: int

    def amount_micro(self, figure: str) -> int:
        """Return one of the figures that a customer can hold."""
        amounts = {
            "mrr": self.mrr_micro,
            "arr": 12 * self.mrr_micro,
            "committed_mrr": self.committed_micro,
            "contracted_arr": 12 * self.contracted_micro,
        }
        return amounts[figure]


@dataclass(frozen=True, slots=True)
class Period:
    """What moved on one day or in one month, by kind: amounts are signed."""

    on: date
    amounts: dict[str, int]
    counts: dict[str, int]

    def amount_micro(self, kind: str) -> int:
        """Return what one kind comes to, or all without one."""
        return self.amounts[kind] if kind else sum(self.amounts.values())

    def count(self, kind: str) -> int:
        """Count the movements of one kind, or all without one."""
        return self.counts[kind] if kind else sum(self.counts.values())


def standing(shown: Shown, currency: str, on: date) -> Standing:
    """Return how a currency stands at the end of a local day."""
    bound = {"organization": shown.organization_id, "currency": currency, "on": on}
    (row,) = fetched(STANDING, bound)
    return Standing(*map(int, row))


def plan_micro(shown: Shown, currency: str, plan: str, on: date) -> int | None:
    """Return a plan's MRR at the end of a day; None within a month, where no sum is kept."""
    computed_at = shown.freshness.computed_at
    through = computed_at.astimezone(shown.zone).date() if computed_at else on
    if on < through and (on + timedelta(days=1)).day != 1:
        return None
    month = month_of(on)
    bound = {"organization": shown.organization_id, "currency": currency, "plan": plan, "month": month}
    ((found,),) = fetched(PLANNED, bound)
    return int(found)


def moved_asked(shown: Shown, currency: str, start: date, end: date) -> Asked:
    """Return what `moved_between` asks, for whoever reads it ahead."""
    bound = {"organization": shown.organization_id, "currency": currency, "start": start, "end": end}
    return Asked(MOVED_BETWEEN, bound)


def moved_between(shown: Shown, currency: str, start: date, end: date) -> dict[str, int]:
    """Return what moved on the days in `[start, end)`, by kind and as magnitudes."""
    (row,) = read(*moved_asked(shown, currency, start, end))
    return dict(zip(COUNTS, map(int, row), strict=True))


def days(shown: Shown, currency: str, start: date, end: date) -> list[Period]:
    """Return the days in `[start, end)` on which anything moved, the newest first."""
    return _periods(shown, "metrics_dailyrevenue", "day", currency, start, end)


def months(shown: Shown, currency: str, start: date, end: date) -> list[Period]:
    """Return the months in `[start, end)` in which anything moved, netted as the definition says."""
    return _periods(shown, "metrics_monthlyrevenue", "month", currency, start, end)


def _periods(shown: Shown, table: str, period: str, currency: str, start: date, end: date) -> list[Period]:
    amounts = ", ".join(f"{'-' if kind in LOSSES else ''}{kind}_micro" for kind in COUNTS)
    statement = MOVED.format(
        period=period, amounts=amounts, counts=", ".join(COUNTS.values()), table=table, built=BUILT
    )
    bound = {"organization": shown.organization_id, "currency": currency, "start": start, "end": end}
    return [
        Period(
            on,
            dict(zip(COUNTS, map(int, values[: len(COUNTS)]), strict=True)),
            dict(zip(COUNTS, map(int, values[len(COUNTS) :]), strict=True)),
        )
        for on, *values in read(statement, bound)
    ]
