"""Sums of customers' movements and balances by currency and period; exact, and open to subtraction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from metrics.core.definition import Definition
from metrics.core.intervals import Windows, windows
from metrics.core.ledger import Segment
from metrics.core.movements import Movement, Step, movements, steps
from metrics.periods import month_of

KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
CONTRACTED, COMMITTED = len(KINDS), len(KINDS) + 1
COUNTS = len(KINDS) + 2
WIDTH = COUNTS + len(KINDS)
# Days alone have the squares of what moved.
SQUARES, DAY_WIDTH = WIDTH, WIDTH + len(KINDS)

Period = tuple[str, date]
Plan = tuple[str, date, str]
# A segment with the days on which it begins and ends, and which way each counts.
Dated = tuple[Segment, tuple[tuple[date, int], ...]]


@dataclass(frozen=True, slots=True)
class Cut:
    """How segments become sums: the definition, and the instant after which nothing counts yet."""

    definition: Definition
    at: int

    @classmethod
    def of(cls, definition: Definition, moment: datetime) -> "Cut":
        """Return the cut at an aware time."""
        return cls(definition, int(moment.timestamp()))

    def moment(self) -> datetime:
        """Return the instant as an aware time."""
        return datetime.fromtimestamp(self.at, UTC)

    def days(self) -> Windows:
        """Return the local days of the definition's time zone."""
        return windows("day", self.definition.time_zone)

    def until_now(self, ledger: Iterable[Segment]) -> tuple[Segment, ...]:
        """Return the ledger as it stands: what begins later is left out, what ends later is open."""
        return tuple(
            one._replace(end=None) if one.end is not None and one.end > self.at else one
            for one in ledger
            if one.start <= self.at
        )

    def next_change(self, ledger: Iterable[Segment]) -> int | None:
        """Return the first instant after the cut at which a segment begins or ends."""
        bounds = (bound for one in ledger for bound in (one.start, one.end))
        return min((bound for bound in bounds if bound is not None and bound > self.at), default=None)


@dataclass(slots=True)
class Tally:
    """Rows of the daily, monthly and plan tables in the making."""

    daily: dict[Period, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * DAY_WIDTH))
    monthly: dict[Period, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * WIDTH))
    plans: dict[Plan, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    products: dict[str, str] = field(default_factory=dict)

    def add(self, ledger: Sequence[Segment], cut: Cut, sign: int = 1) -> tuple[Movement, ...]:
        """Count one customer's segments, or with -1 take them out; return the movements by day."""
        present, days = cut.until_now(ledger), cut.days()
        changes = steps(present)
        by_day = movements(changes, days)
        by_setting = self._by_setting(changes, by_day, cut.definition)
        dated = [(one, tuple(_bounds(one, days, sign))) for one in present]
        # All that can fail is done: a customer counts wholly or not at all.
        for one in by_day:
            row = self.daily[one.currency, one.on]
            self._move(row, one, sign)
            row[SQUARES + KINDS.index(one.kind)] += sign * one.amount_micro**2
        for one in by_setting:
            self._move(self.monthly[one.currency, month_of(one.on)], one, sign)
        self._balances(dated)
        self._plans(changes, dated, days, sign)
        return by_day

    def nonzero(self) -> "Tally":
        """Return the tally without rows that sum to nothing."""
        return Tally(
            {key: row for key, row in self.daily.items() if any(row)},
            {key: row for key, row in self.monthly.items() if any(row)},
            {key: row for key, row in self.plans.items() if any(row)},
            self.products,
        )

    @staticmethod
    def _by_setting(
        changes: Sequence[Step], by_day: Sequence[Movement], definition: Definition
    ) -> Sequence[Movement]:
        if definition.movement_window == "day":
            return by_day
        return movements(changes, windows(definition.movement_window, definition.time_zone))

    @staticmethod
    def _move(row: list[int], one: Movement, sign: int) -> None:
        place = KINDS.index(one.kind)
        row[place] += sign * abs(one.amount_micro)
        row[COUNTS + place] += sign

    def _balances(self, ledger: Iterable[Dated]) -> None:
        for one, bounds in ledger:
            contracted = one.mrr_micro if one.contracted else 0
            if not contracted and not one.committed_micro:
                continue
            for day, way in bounds:
                for row in (self.daily[one.currency, day], self.monthly[one.currency, month_of(day)]):
                    row[CONTRACTED] += way * contracted
                    row[COMMITTED] += way * one.committed_micro

    def _plans(self, changes: Iterable[Step], ledger: Iterable[Dated], days: Windows, sign: int) -> None:
        for step in changes:
            month = month_of(days.day(step.at))
            self.plans[step.currency, month, step.price][0] += sign * step.amount_micro
        for one, bounds in ledger:
            if one.mrr_micro:
                self.products[one.price] = one.product
                for day, way in bounds:
                    self.plans[one.currency, month_of(day), one.price][1] += way


def _bounds(one: Segment, days: Windows, sign: int) -> Iterator[tuple[date, int]]:
    yield days.day(one.start), sign
    if one.end is not None:
        yield days.day(one.end), -sign
