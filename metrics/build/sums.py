"""Sums of payers' spans of MRR in one currency, by day, month and plan; exact, and open to subtraction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from metrics.core.intervals import NEVER
from metrics.core.movements import KINDS

CONTRACTED, COMMITTED = len(KINDS), len(KINDS) + 1
COUNTS = len(KINDS) + 2
WIDTH = COUNTS + len(KINDS)
# Days alone have the squares of what moved.
SQUARES, DAY_WIDTH = WIDTH, WIDTH + len(KINDS)
# A plan and a month as one number: the plan's place times this, and the number of the month's first day.
APART = NEVER + 1

PLACES = {kind: place for place, kind in enumerate(KINDS)}

Rows = dict[int, list[int]]
# The number of a day, the kind of some movements, what they come to, how many they are, and Σ amount².
Moved = tuple[int, str, int, int, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """What spans come to: netted by day, and by month where the definition nets otherwise.

    `held` yields a day, and by what it changes contracted and committed MRR; `planned` a plan's place times
    APART plus a month, and by what it changes the plan's MRR and items.
    """

    by_day: Iterable[Moved]
    by_month: Iterable[Moved]
    held: Iterable[tuple[int, ...]]
    planned: Iterable[tuple[int, ...]]


@dataclass(slots=True)
class Sums:
    """The sums of one currency."""

    window: str
    days: Rows = field(default_factory=lambda: defaultdict(lambda: [0] * DAY_WIDTH))
    months: Rows = field(default_factory=lambda: defaultdict(lambda: [0] * WIDTH))
    plans: Rows = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, flow: Flow, sign: int = 1) -> None:
        """Count what spans come to, or with -1 take it out."""
        for day, kind, amount, count, squares in flow.by_day:
            row, place = self.days[day], PLACES[kind]
            row[place] += sign * abs(amount)
            row[COUNTS + place] += sign * count
            row[SQUARES + place] += sign * squares
        for month, kind, amount, count, _ in flow.by_month:
            row, place = self.months[month], PLACES[kind]
            row[place] += sign * abs(amount)
            row[COUNTS + place] += sign * count
        for day, contracted, committed in flow.held:
            row = self.days[day]
            row[CONTRACTED] += sign * contracted
            row[COMMITTED] += sign * committed
        for key, amount, items in flow.planned:
            row = self.plans[key]
            row[0] += sign * amount
            row[1] += sign * items

    def daily(self) -> Iterator[tuple[date, list[int]]]:
        """Yield the rows of the daily table that sum to anything."""
        return _dated(self.days)

    def monthly(self) -> Iterator[tuple[date, list[int]]]:
        """Yield the rows of the monthly table that sum to anything."""
        rows: Rows = defaultdict(lambda: [0] * WIDTH)
        rows.update({month: row.copy() for month, row in self.months.items()})
        places = range(WIDTH) if self.window == "day" else (CONTRACTED, COMMITTED)
        for day, row in self.days.items():
            month = rows[first_of(day)]
            for place in places:
                month[place] += row[place]
        return _dated(rows)

    def by_plan(self) -> Iterator[tuple[int, date, list[int]]]:
        """Yield amounts and items by the plan's place and the month."""
        for key, row in self.plans.items():
            place, month = divmod(key, APART)
            if month != NEVER and any(row):
                yield place, date.fromordinal(month), row


def _dated(rows: Rows) -> Iterator[tuple[date, list[int]]]:
    """Yield rows under their dates; what never comes is left out."""
    for day, row in rows.items():
        if day != NEVER and any(row):
            yield date.fromordinal(day), row


@lru_cache(maxsize=65_536)
def first_of(day: int) -> int:
    """Return the number of the first day of a day's month."""
    return day if day == NEVER else day - date.fromordinal(day).day + 1
