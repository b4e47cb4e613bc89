"""One period's recurring revenue: what it began with, what moved it, and what it ended with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

FLOWS = (
    "new_micro",
    "expansion_micro",
    "reactivation_micro",
    "contraction_micro",
    "churn_micro",
    "contracted_net_micro",
    "committed_net_micro",
    "customers_new",
    "customers_expanded",
    "customers_reactivated",
    "customers_contracted",
    "customers_churned",
)
# Those that are figures of a period as they stand; of the others it has balances.
MOVED = tuple(name for name in FLOWS if not name.endswith("_net_micro"))

# Σ amount² of a day's movements by kind, which tells a change from chance.
SQUARES = (
    "new_squares",
    "expansion_squares",
    "reactivation_squares",
    "contraction_squares",
    "churn_squares",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """One period of one currency: magnitudes are positive, and the identity holds to the micro unit."""

    currency: str
    starting_micro: int = 0
    new_micro: int = 0
    expansion_micro: int = 0
    reactivation_micro: int = 0
    contraction_micro: int = 0
    churn_micro: int = 0
    currency_micro: int = 0
    ending_micro: int = 0
    contracted_micro: int = 0
    committed_micro: int = 0
    customers_start: int = 0
    customers_new: int = 0
    customers_expanded: int = 0
    customers_reactivated: int = 0
    customers_contracted: int = 0
    customers_churned: int = 0
    customers_end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month(Flows):
    month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Flows):
    day: date


def gained(flows: Mapping[str, int]) -> int:
    """Return by what one period's flows change MRR."""
    up = flows["new_micro"] + flows["expansion_micro"] + flows["reactivation_micro"]
    return up - flows["contraction_micro"] - flows["churn_micro"]


@dataclass(slots=True)
class Balance:
    """Running sums, carried from one period into the next."""

    mrr: int = 0
    contracted: int = 0
    committed: int = 0
    customers: int = 0

    def add(self, flows: Mapping[str, int]) -> None:
        """Add one period's flows."""
        self.mrr += gained(flows)
        self.contracted += flows["contracted_net_micro"]
        self.committed += flows["committed_net_micro"]
        self.customers += flows["customers_new"] + flows["customers_reactivated"]
        self.customers -= flows["customers_churned"]

    def step(self, flows: Mapping[str, int]) -> dict[str, int]:
        """Add one period's flows and return the period's figures with its balances."""
        start, customers = self.mrr, self.customers
        self.add(flows)
        return {name: flows[name] for name in MOVED} | {
            "starting_micro": start,
            "ending_micro": self.mrr,
            "contracted_micro": self.contracted,
            "committed_micro": self.committed,
            "customers_start": customers,
            "customers_end": self.customers,
        }


NOTHING = dict.fromkeys(FLOWS, 0)


def flows_of(values: Iterable[Any]) -> dict[str, int]:
    """Return the columns of FLOWS by name."""
    return dict(zip(FLOWS, map(int, values), strict=True))
