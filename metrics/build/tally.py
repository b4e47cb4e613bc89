"""Sums of customers' movements and balances by currency and period; exact, and open to subtraction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from metrics.build.departures import Left, leave, take_out
from metrics.build.rows import Row
from metrics.build.sums import (
    APART,
    COMMITTED,
    CONTRACTED,
    COUNTS,
    DAY_WIDTH,
    SQUARES,
    WIDTH,
    Flow,
    Moved,
    Sums,
    first_of,
)
from metrics.core.definition import Definition
from metrics.core.intervals import FOREVER, Windows, days, windows
from metrics.core.ledger import Segment
from metrics.core.movements import KINDS, Movement, movements, steps
from metrics.core.netting import net

__all__ = [
    "COMMITTED",
    "CONTRACTED",
    "COUNTS",
    "DAY_WIDTH",
    "KINDS",
    "SQUARES",
    "WIDTH",
    "Cut",
    "Period",
    "Tally",
    "Totals",
]

# All of a segment but what shows it; and all that sums are made of.
SHOWN = slice(Segment._fields.index("evidence"))
SUMMED = slice(Segment._fields.index("start"), Segment._fields.index("excluded"))
Period = tuple[str, date]
PlanMonth = tuple[str, date, str]


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
        at = self.at
        return tuple(
            [
                one if one.end is None or one.end <= at else one._replace(end=None)
                for one in ledger
                if one.start <= at
            ]
        )

    def next_change(self, ledger: Sequence[Segment]) -> int | None:
        """Return the first instant after the cut at which a segment begins or ends."""
        at = self.at
        bounds = [one.start for one in ledger if one.start > at]
        bounds += [one.end for one in ledger if one.end is not None and one.end > at]
        return min(bounds, default=None)


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows of the daily, monthly and plan tables and of departures, and the product of each price."""

    daily: dict[Period, list[int]]
    monthly: dict[Period, list[int]]
    plans: dict[PlanMonth, list[int]]
    left: Left
    products: dict[str, str]


class Counted(NamedTuple):
    """What is counted of one customer: the segments up to the cut, and stored movements."""

    known: Sequence[Segment] = ()
    movements: Sequence[Row] = ()

    def moves(self, known: Sequence[Segment]) -> bool:
        """Say whether segments that are known now, up to the cut, move otherwise than those counted."""
        return [one[SHOWN] for one in self.known] != [one[SHOWN] for one in known]


@dataclass(slots=True)
class Tally:
    """Sums in the making, by currency."""

    sums: dict[str, Sums] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    left: Left = field(default_factory=dict)

    def put(self, known: Sequence[Segment], cut: Cut, held: Counted) -> tuple[Movement, ...]:
        """Count one customer's segments, up to the cut, in the place of what is held; return the movements.

        Wholly, or where it fails not at all.
        """
        found = movements(steps(known), cut.days())
        self._exchange(held.known, known, cut)
        take_out(self.left, held.movements)
        for one in found:
            if one.kind == "churn":
                leave(self.left, one.currency, one.on, one.reasons, one.amount_micro, 1)
        return found

    def take_out(self, held: Counted, cut: Cut) -> None:
        """Count no longer what is held of one customer."""
        self._exchange(held.known, (), cut)
        take_out(self.left, held.movements)

    def _exchange(self, held: Sequence[Segment], known: Sequence[Segment], cut: Cut) -> None:
        gone, come = _lives(held), _lives(known)
        found: list[tuple[str, Flow, int]] = []
        for currency in gone | come:
            lives = gone.get(currency, []), come.get(currency, [])
            first, last = _alike(*lives)
            if first + last < max(map(len, lives)):
                for life, sign in zip(lives, (-1, 1), strict=True):
                    flow = self._flow(life, cut, slice(first, len(life) - last))
                    found.append((currency, flow, sign))
        for currency, flow, sign in found:
            self.of(currency, cut).add(flow, sign)

    def of(self, currency: str, cut: Cut) -> Sums:
        """Return the sums of a currency."""
        found = self.sums.get(currency)
        if found is None:
            found = self.sums[currency] = Sums(cut.definition.movement_window)
        return found

    def place(self, price: str, product: str) -> int:
        """Return the place of a price's plan times APART; of two products of one price the last is kept."""
        self.products[price] = product
        return self.places.setdefault(price, len(self.places)) * APART

    def nonzero(self) -> Totals:
        """Return the rows that sum to anything."""
        left = {key: sums for key, sums in self.left.items() if any(sums)}
        totals, prices = Totals({}, {}, {}, left, self.products), list(self.places)
        for currency, sums in self.sums.items():
            totals.daily.update({(currency, day): row for day, row in sums.daily()})
            totals.monthly.update({(currency, month): row for month, row in sums.monthly()})
            found = sums.by_plan()
            totals.plans.update({(currency, month, prices[place]): row for place, month, row in found})
        return totals

    def _flow(self, life: Sequence[Segment], cut: Cut, other: slice) -> Flow:
        """Date and net a customer in one currency; what it holds and plans, of the `other` segments alone."""
        local, window = days(cut.definition.time_zone), cut.definition.movement_window
        ends = [FOREVER if one.end is None else one.end for one in life]
        opened, closed = local.of([one.start for one in life]), local.of(ends)
        changed = [(one.start, day, one.mrr_micro) for one, day in zip(life, opened, strict=True)]
        changed += [(at, day, -one.mrr_micro) for one, at, day in zip(life, ends, closed, strict=True)]
        changed = sorted([change for change in changed if change[0] != FOREVER and change[2]])
        held, planned = list[tuple[int, int, int]](), list[tuple[int, int, int]]()
        for one, begun, over in zip(life[other], opened[other], closed[other], strict=True):
            place, mrr, committed = self.place(one.price, one.product), one.mrr_micro, one.committed_micro
            contracted, item = mrr if one.contracted else 0, 1 if mrr else 0
            held += ((begun, contracted, committed), (over, -contracted, -committed))
            planned += ((place + first_of(begun), mrr, item), (place + first_of(over), -mrr, -item))
        by_month: Iterable[Moved] = ()
        if window == "month":
            by_month = _moved(net((at, first_of(day), delta) for at, day, delta in changed))
        elif window == "event":
            days_of = {at: first_of(day) for at, day, _ in changed}
            each = net((at, at, delta) for at, _, delta in changed)
            by_month = _moved((days_of[at], kind, delta) for at, kind, delta in each)
        return Flow(list(_moved(net(changed))), list(by_month), held, planned)


def _lives(known: Iterable[Segment]) -> dict[str, list[Segment]]:
    """Return what counts for anything by currency."""
    lives: dict[str, list[Segment]] = {}
    for one in known:
        if one.mrr_micro or one.committed_micro:
            lives.setdefault(one.currency, []).append(one)
    return lives


def _alike(held: Sequence[Segment], known: Sequence[Segment]) -> tuple[int, int]:
    """Return how many segments at the beginning, and then at the end, come to the same."""
    most = min(len(held), len(known))
    first = last = 0
    while first < most and held[first][SUMMED] == known[first][SUMMED]:
        first += 1
    while first + last < most and held[-1 - last][SUMMED] == known[-1 - last][SUMMED]:
        last += 1
    return first, last


def _moved(netted: Iterable[tuple[int, str, int]]) -> Iterator[Moved]:
    for window, kind, delta in netted:
        yield window, kind, delta, 1, delta * delta
