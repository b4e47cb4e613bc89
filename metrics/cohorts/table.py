"""The table of cohorts: what each group is worth, month after month since it began.

A cell of age k holds the end of the k-th calendar month after the one in which its customers began, and only
those of them whose k-th month has come: so does the base that it is held against.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from metrics.core.rates import Rate, ratio

Key = TypeVar("Key", bound=Hashable)
MEASURES = ("net", "gross", "customers")


class Change(NamedTuple):
    """By what a month's end of one cohort differs from the end before; `joined` counts who began."""

    value: str
    cohort: date
    month: date
    net_micro: int
    gross_micro: int
    customers: int
    joined: int


@dataclass(slots=True)
class Cell:
    """What is left of a base at one age: MRR, MRR of the base alone, and customers of the base."""

    net_micro: int = 0
    gross_micro: int = 0
    customers: int = 0
    base_micro: int = 0
    base_customers: int = 0

    def rate(self, measure: str) -> Rate:
        """Return net or gross MRR retention, or customer retention; undefined without a base."""
        if measure == "customers":
            return ratio(self.customers, self.base_customers)
        return ratio(self.net_micro if measure == "net" else self.gross_micro, self.base_micro)


@dataclass(slots=True)
class Line:
    """One group: who ever joined, its MRR now, and its cells by age as far as any of it has come."""

    joined: int = 0
    now_micro: int = 0
    cells: list[Cell] = field(default_factory=list)

    @property
    def base(self) -> Cell:
        """Return the cell of month 0, which is 100 %."""
        return self.cells[0] if self.cells else Cell()


def lines(
    changes: Iterable[Change], present: date, ages: int, group: Callable[[str, date], Key]
) -> dict[Key, Line]:
    """Return the line of each group, with as many ages as asked for; groups name values and cohorts.

    A cohort of 100 in January that stands at 90 in February and one of 50 in February make, as one group,
    150 of 150 at month 0 and 90 of 100 at month 1.
    """
    told: dict[tuple[str, date], dict[int, Change]] = defaultdict(dict)
    for one in changes:
        if one.month <= present:
            told[one.value, one.cohort][index_of(one.month)] = one
    found: dict[Key, Line] = {}
    for (value, cohort), months in told.items():
        key = group(value, cohort)
        line = found.get(key)
        if line is None:
            line = found[key] = Line()
        _add(line, index_of(cohort), months, index_of(present), ages)
    return found


def index_of(month: date) -> int:
    """Return the number of a month, so that months can be counted."""
    return month.year * 12 + month.month


def _add(line: Line, cohort: int, months: dict[int, Change], present: int, ages: int) -> None:
    """Take in one cohort of one value, as far as it has come."""
    cells, base = line.cells, (0, 0)
    net = gross = customers = 0
    for age in range(min(present - cohort + 1, ages)):
        one = months.get(cohort + age)
        if one is not None:
            net, gross, customers = net + one.net_micro, gross + one.gross_micro, customers + one.customers
        if age == 0:
            base = (gross, customers)
        if age == len(cells):
            cells.append(Cell())
        cell = cells[age]
        cell.net_micro += net
        cell.gross_micro += gross
        cell.customers += customers
        cell.base_micro += base[0]
        cell.base_customers += base[1]
    line.joined += sum(one.joined for one in months.values())
    line.now_micro += sum(one.net_micro for one in months.values())
