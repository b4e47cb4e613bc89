"""Sums of payers' spans of MRR in one currency, by day, month and plan; exact, and open to subtraction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from operator import mul

from metrics.core.balances import KINDS, Nets, Span, netted
from metrics.core.intervals import NEVER, Days

CONTRACTED, COMMITTED = len(KINDS), len(KINDS) + 1
COUNTS = len(KINDS) + 2
WIDTH = COUNTS + len(KINDS)
# Days alone have the squares of what moved.
SQUARES, DAY_WIDTH = WIDTH, WIDTH + len(KINDS)
# A plan and a month as one number: the plan's place times this, and the number of the month's first day.
APART = NEVER + 1

Rows = dict[int, list[int]]
Netting = Callable[[Iterable[Span], Nets], Nets]


@dataclass(frozen=True, slots=True)
class Spans:
    """Payers' segments of one currency, those of one payer together, as columns of the core's spans."""

    first: Sequence[bool]
    starts: Sequence[int]
    opened: Sequence[int]
    ends: Sequence[int]
    closed: Sequence[int]
    mrr: Sequence[int]

    def by_day(self, found: Nets, netting: Netting = netted) -> Nets:
        """Add to `found` the spans netted by local day."""
        return self._netted(self.opened, self.closed, found, netting)

    def by_month(self, window: str, days: Days, found: Nets, netting: Netting = netted) -> Nets:
        """Add to `found` the spans netted by month or instant, under the number of the month's first day."""
        if window == "month":
            opened, closed = ([first_of(day) for day in column] for column in (self.opened, self.closed))
            return self._netted(opened, closed, found, netting)
        for key, deltas in self._netted(self.starts, self.ends, defaultdict(list), netting).items():
            at, kind = divmod(key, len(KINDS))
            (day,) = days.of([at])
            found[first_of(day) * len(KINDS) + kind].extend(deltas)
        return found

    def _netted(self, opened: Sequence[int], closed: Sequence[int], found: Nets, netting: Netting) -> Nets:
        rows = zip(self.first, self.starts, opened, self.ends, closed, self.mrr, strict=True)
        return netting(rows, found)


@dataclass(frozen=True, slots=True)
class Flow:
    """What spans come to: netted by day, and by month where the definition nets otherwise.

    `held` yields a day, and by what it changes contracted and committed MRR; `planned` a plan's place times
    APART plus a month, and by what it changes the plan's MRR and items.
    """

    by_day: Nets
    by_month: Nets
    held: Iterable[tuple[int, int, int]]
    planned: Iterable[tuple[int, int, int]]


@dataclass(slots=True)
class Sums:
    """The sums of one currency."""

    window: str
    days: Rows = field(default_factory=lambda: defaultdict(lambda: [0] * DAY_WIDTH))
    months: Rows = field(default_factory=lambda: defaultdict(lambda: [0] * WIDTH))
    plans: Rows = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, flow: Flow, sign: int = 1) -> None:
        """Count what spans come to, or with -1 take it out."""
        for key, deltas in flow.by_day.items():
            day, kind = divmod(key, len(KINDS))
            row = self.days[day]
            _move(row, kind, deltas, sign)
            row[SQUARES + kind] += sign * sum(map(mul, deltas, deltas))
        for key, deltas in flow.by_month.items():
            month, kind = divmod(key, len(KINDS))
            _move(self.months[month], kind, deltas, sign)
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


def _move(row: list[int], kind: int, deltas: Sequence[int], sign: int) -> None:
    row[kind] += sign * abs(sum(deltas))
    row[COUNTS + kind] += sign * len(deltas)


def _dated(rows: Rows) -> Iterator[tuple[date, list[int]]]:
    """Yield rows under their dates; what never comes is left out."""
    for day, row in rows.items():
        if day != NEVER and any(row):
            yield date.fromordinal(day), row


@lru_cache(maxsize=65_536)
def first_of(day: int) -> int:
    """Return the number of the first day of a day's month."""
    return day if day == NEVER else day - date.fromordinal(day).day + 1
