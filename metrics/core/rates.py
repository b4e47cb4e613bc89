"""A period's waterfall in one currency, and the rates made from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Rate = Fraction | None


def ratio(part: int | Fraction, whole: int | Fraction | None) -> Rate:
    """Return the part as a fraction of the whole; undefined, not 0, over nothing."""
    return Fraction(part, whole) if whole else None


@dataclass(frozen=True, slots=True)
class Quotient:
    """A rate of a waterfall: one figure as a fraction of another."""

    part: Callable[["Waterfall"], int]
    whole: Callable[["Waterfall"], int]

    def __get__(self, flow: "Waterfall", _: type) -> Rate:
        """Return the rate of one period."""
        return ratio(self.part(flow), self.whole(flow))


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A period's MRR from start to end in micro units; every movement is a magnitude, `exchange` signed.

    Reactivation is out of retention; `arpa` is in micro units.
    """

    currency: str
    starting: int = 0
    new: int = 0
    expansion: int = 0
    reactivation: int = 0
    contraction: int = 0
    churn: int = 0
    exchange: int = 0
    ending: int = 0
    committed: int = 0
    contracted: int = 0
    customers_start: int = 0
    customers_churned: int = 0
    customers_end: int = 0

    mrr_growth_rate = Quotient(lambda flow: flow.net_new, lambda flow: flow.starting)
    revenue_churn_rate = Quotient(lambda flow: flow.churn, lambda flow: flow.starting)
    gross_mrr_churn_rate = Quotient(lambda flow: flow.lost, lambda flow: flow.starting)
    net_revenue_retention = Quotient(
        lambda flow: flow.starting + flow.expansion - flow.lost, lambda flow: flow.starting
    )
    gross_revenue_retention = Quotient(lambda flow: flow.starting - flow.lost, lambda flow: flow.starting)
    customer_churn_rate = Quotient(lambda flow: flow.customers_churned, lambda flow: flow.customers_start)
    quick_ratio = Quotient(lambda flow: flow.won, lambda flow: flow.lost)
    arpa = Quotient(lambda flow: flow.ending, lambda flow: flow.customers_end)
    lifetime_months = Quotient(lambda flow: flow.starting, lambda flow: flow.starting and flow.churn)

    @property
    def won(self) -> int:
        """Return new + expansion + reactivation."""
        return self.new + self.expansion + self.reactivation

    @property
    def lost(self) -> int:
        """Return contraction + churn."""
        return self.contraction + self.churn

    @property
    def net_new(self) -> int:
        """Return what was won less what was lost."""
        return self.won - self.lost

    @property
    def residual(self) -> int:
        """Return what the movements leave unexplained of the change from start to end: always 0."""
        return self.starting + self.net_new + self.exchange - self.ending

    @property
    def arr(self) -> int:
        """Return 12 × MRR."""
        return 12 * self.ending

    @property
    def contracted_arr(self) -> int:
        """Return 12 × the MRR of items whose interval is a year or longer."""
        return 12 * self.contracted

    @property
    def ltv(self) -> Rate:
        """Return arpa × lifetime in micro units, before margin."""
        arpa, lifetime = self.arpa, self.lifetime_months
        return None if arpa is None or lifetime is None else arpa * lifetime


def waterfall(currency: str, starting: int, net: Iterable[tuple[str, int]], **more: int) -> Waterfall:
    """Return the waterfall of movements given as kind and signed amount."""
    sums = dict.fromkeys(("new", "expansion", "reactivation", "contraction", "churn"), 0)
    ending = starting
    for kind, amount in net:
        sums[kind] += abs(amount)
        ending += amount
    return Waterfall(currency, starting, ending=ending, **sums, **more)


def trailing_twelve_month(month_ends: Sequence[int]) -> int:
    """Return the sum of the last twelve month-end MRR."""
    return sum(month_ends[-12:])


def trial_to_paid_rate(started: int, converted: int) -> Rate:
    """Return converted ÷ started of one cohort of trials."""
    return ratio(converted, started)


def median_days(days: Sequence[int]) -> Rate:
    """Return the median of the days from a trial's start to its first payment."""
    middle = sorted(days)[(len(days) - 1) // 2 : len(days) // 2 + 1]
    return ratio(sum(middle), len(middle))


def growth_band(monthly_growth: Fraction) -> str:
    """Name a month's growth: 10 % exceptional, 5 % strong, 3 % solid, 2 % fair, else needs attention."""
    bands = {10: "exceptional", 5: "strong", 3: "solid", 2: "fair"}
    reached = (name for percent, name in bands.items() if monthly_growth >= Fraction(percent, 100))
    return next(reached, "needs_attention")
