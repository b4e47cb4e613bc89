"""Each plan of a month: what it began with, what moved it, what it ended with, and who held it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from metrics.core.rates import Rate, ratio

# In the order in which a plan goes from its start to its end.
KINDS = ("new", "reactivation", "expansion", "moved_in", "contraction", "moved_out", "churn")


class Moved(NamedTuple):
    """What one month did to one plan: signed amounts in the order of KINDS, holders more, those who left."""

    month: date
    plan: str
    amounts: tuple[int, ...]
    holders: int
    churned: int


@dataclass(slots=True)
class Plan:
    """One plan, or several together, over one month; `flows` are signed, by kind."""

    starting_micro: int = 0
    flows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    customers_start: int = 0
    customers_end: int = 0
    customers_churned: int = 0

    @property
    def ending_micro(self) -> int:
        """Return start + new + reactivation + expansion + moved in − contraction − moved out − churn."""
        return self.starting_micro + sum(self.flows.values())

    @property
    def arpa(self) -> Rate:
        """Return MRR for each customer who holds the plan."""
        return ratio(self.ending_micro, self.customers_end)

    @property
    def customer_churn_rate(self) -> Rate:
        """Return which part of those who held it at the start left altogether."""
        return ratio(self.customers_churned, self.customers_start)

    @property
    def revenue_churn_rate(self) -> Rate:
        """Return which part of the MRR at the start was lost with customers who left altogether."""
        return ratio(-self.flows["churn"], self.starting_micro)


def plans_of(moved: Iterable[Moved], month: date) -> dict[str, Plan]:
    """Return every plan that a month found, left or moved, the largest first."""
    found: dict[str, Plan] = defaultdict(Plan)
    for one in moved:
        if one.month > month:
            continue
        plan = found[one.plan]
        plan.customers_end += one.holders
        if one.month == month:
            plan.flows = dict(zip(KINDS, one.amounts, strict=True))
            plan.customers_churned = one.churned
        else:
            plan.starting_micro += sum(one.amounts)
            plan.customers_start += one.holders
    kept = {name: plan for name, plan in found.items() if plan.starting_micro or any(plan.flows.values())}
    return dict(sorted(kept.items(), key=lambda one: (-one[1].ending_micro, one[0])))


def together(plans: Iterable[Plan]) -> Plan:
    """Return what plans sum to; of their customers one may hold several, so those are not summed."""
    whole = Plan()
    for plan in plans:
        whole.starting_micro += plan.starting_micro
        for kind in KINDS:
            whole.flows[kind] += plan.flows[kind]
    return whole


def ends(moved: Iterable[Moved], months: Iterable[date]) -> dict[str, list[int]]:
    """Return each plan's MRR at the ends of months, which come in order."""
    wanted = list(months)
    nets: dict[str, list[int]] = defaultdict(lambda: [0] * len(wanted))
    for one in moved:
        first = bisect_left(wanted, one.month)
        if first < len(wanted):
            nets[one.plan][first] += sum(one.amounts)
    return {plan: list(accumulate(amounts)) for plan, amounts in nets.items()}
