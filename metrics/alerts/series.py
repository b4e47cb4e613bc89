"""What the rules look at: one currency's days as running sums, so that any window costs the same."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

GAINS, LOSSES = ("new", "expansion", "reactivation"), ("contraction", "churn")
ARRIVALS, KINDS = ("new", "reactivation"), (*GAINS, *LOSSES)


@dataclass(frozen=True, slots=True)
class Moved:
    """Movements together: their amounts as magnitudes, the squares of these, and how many there are."""

    amount_micro: int = 0
    squares: int = 0
    count: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(
            self.amount_micro + other.amount_micro, self.squares + other.squares, self.count + other.count
        )


# Of each day: what was moved, the squares of that, and how many movements they are.
AMOUNT, COUNT = 0, 2
Columns = tuple[Sequence[int], Sequence[int], Sequence[int]]
NOTHING: Mapping[str, Columns] = dict.fromkeys(KINDS, ((), (), ()))


@dataclass(frozen=True, slots=True)
class Series:
    """Every local day in `[known_from, today)`: movements by kind, balances, first failed payments.

    `days` are those on which anything may have moved, in their order, and `moves` tells what by kind.
    `mrr_micro` and `customers` are balances at the midnight that begins `today`; `failures` counts by day the
    invoices whose first failed attempt was on it; `first_on` is the day on which history begins. Where
    there are `cuts`, what moved between two of them is known as a whole alone.
    """

    today: date
    first_on: date
    known_from: date
    mrr_micro: int = 0
    customers: int = 0
    days: Sequence[date] = ()
    moves: Mapping[str, Columns] = field(default_factory=lambda: NOTHING)
    failures: Mapping[date, int] = field(default_factory=dict)
    cuts: frozenset[date] = frozenset()
    _days: Sequence[date] = field(default=(), repr=False, compare=False)
    _sums: dict[str, list[list[int]]] = field(default_factory=dict, repr=False, compare=False)
    _failed: tuple[list[date], list[int]] = field(default=([], [0]), repr=False, compare=False)

    def __post_init__(self) -> None:
        first, end = bisect_left(self.days, self.known_from), bisect_left(self.days, self.today)
        object.__setattr__(self, "_days", self.days[first:end])
        for kind in KINDS:
            self._sums[kind] = [[*accumulate(one[first:end], initial=0)] for one in self.moves[kind]]
        ons = sorted(self.failures)
        counts = [0, *accumulate(self.failures[on] for on in ons)]
        object.__setattr__(self, "_failed", (ons, counts))

    def moved(self, start: date, end: date, *kinds: str) -> Moved:
        """Return what moved in `[start, end)`."""
        first, last = self._place(start), self._place(end)
        sums = [[one[last] - one[first] for one in self._sums[kind]] for kind in kinds]
        return Moved(*map(sum, zip(*sums, strict=True)))

    def mrr_at(self, on: date) -> int:
        """Return the MRR at the midnight that begins a day."""
        return self.mrr_micro - self._since(on, AMOUNT, GAINS) + self._since(on, AMOUNT, LOSSES)

    def customers_at(self, on: date) -> int:
        """Return how many customers paid at the midnight that begins a day."""
        return self.customers - self._since(on, COUNT, ARRIVALS) + self._since(on, COUNT, ("churn",))

    def _since(self, on: date, column: int, kinds: Sequence[str]) -> int:
        first, sums = self._place(on), [self._sums[kind][column] for kind in kinds]
        return sum(one[-1] - one[first] for one in sums)

    def _place(self, on: date) -> int:
        """Return how many of the days lie before a day."""
        if self.cuts and on not in self.cuts:
            raise ValueError(f"What moved is not told apart at {on}.")
        return bisect_left(self._days, on)

    def failed(self, start: date, end: date) -> int:
        """Count the invoices whose first failed attempt lies in `[start, end)`."""
        days, counts = self._failed
        return counts[bisect_left(days, end)] - counts[bisect_left(days, start)]


def months_before(today: date, months: int) -> date:
    """Return the first of the month some months before."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1)


def days_before(today: date, days: int) -> date:
    """Return the day some days before."""
    return today - timedelta(days=days)
