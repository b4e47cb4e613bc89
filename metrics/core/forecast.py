"""MRR carried on by what moved it lately: averages, a range from the months seen, and a look back.

Each month adds new MRR as an amount, and everything else as a part of the MRR that the month starts with.
Amounts are exact fractions of micro units of one currency; nothing is rounded on the way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from metrics.core.rates import Rate, Waterfall, ratio

# How many complete months the averages look back on, and how many months ahead they are carried.
MONTHS_SEEN = 6
MONTHS_AHEAD = 12
# Below this many customers one of them alone makes or breaks every rate.
CUSTOMERS_NEEDED = 10
LOOKS_BACK = (3, 6, 12)


class UnlikeCurrenciesError(ValueError):
    """Raised where months of several currencies would be averaged."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a month is taken to bring: `new` in micro units, the others as parts of its starting MRR."""

    new: Fraction
    expansion: Fraction
    reactivation: Fraction
    contraction: Fraction
    churn: Fraction

    def net(self, mrr: Fraction) -> Fraction:
        """Return by how much a month moves an MRR: new + mrr × (expansion + reactivation − losses)."""
        return self.new + mrr * (self.expansion + self.reactivation - self.contraction - self.churn)


@dataclass(frozen=True, slots=True)
class Point:
    """MRR at the end of a month: what the assumptions come to, and the range about it."""

    low: Fraction
    likely: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class LookBack:
    """What a forecast made some months ago says of the last month's end, beside what that was."""

    months: int
    point: Point
    actual: int

    @property
    def error(self) -> Rate:
        """Return how far the forecast is off, as a part of what was: 0.03 is 3 % too high."""
        return ratio(self.point.likely - self.actual, self.actual)

    @property
    def is_within(self) -> bool:
        """Say whether what was lies within the range."""
        return self.point.low <= self.actual <= self.point.high


def of_month(flow: Waterfall) -> Assumptions:
    """Return what one month brought, as if every month would.

    >>> of_month(Waterfall("eur", starting=1_000, new=50, churn=20, ending=1_030)).churn
    Fraction(1, 50)
    """
    parts = (flow.expansion, flow.reactivation, flow.contraction, flow.churn)
    return Assumptions(Fraction(flow.new), *(Fraction(part, flow.starting) for part in parts))


def averages(seen: Sequence[Waterfall]) -> Assumptions:
    """Return the mean of what the months brought; every one of them weighs the same."""
    _of_one_currency(seen)
    found = [of_month(flow) for flow in seen]
    return Assumptions(
        _mean(one.new for one in found),
        _mean(one.expansion for one in found),
        _mean(one.reactivation for one in found),
        _mean(one.contraction for one in found),
        _mean(one.churn for one in found),
    )


def forecast(
    start: int, seen: Sequence[Waterfall], months: int, assumed: Assumptions | None = None
) -> list[Point]:
    """Return MRR at the start and at the end of each month ahead, never below 0.

    The range takes every month as the weaker half of the months seen, on average, or as the stronger
    half: what each would do to the MRR reached by then ranks them. It lies about what is assumed.
    """
    likely = averages(seen) if assumed is None else assumed
    brought = [of_month(flow) for flow in seen]
    half = (len(brought) + 1) // 2
    points = [Point(Fraction(start), Fraction(start), Fraction(start))]
    for _ in range(months):
        low, mid, high = points[-1].low, points[-1].likely, points[-1].high
        points.append(
            Point(
                _step(low, likely, brought, slice(half)),
                max(mid + likely.net(mid), Fraction(0)),
                _step(high, likely, brought, slice(-half, None)),
            )
        )
    return points


def _step(mrr: Fraction, likely: Assumptions, brought: Sequence[Assumptions], half: slice) -> Fraction:
    """Move an MRR by what is assumed, and by how far the months of one half lie from all of them."""
    nets = sorted(one.net(mrr) for one in brought)
    return max(mrr + likely.net(mrr) + _mean(nets[half]) - _mean(nets), Fraction(0))


def look_back(flows: Sequence[Waterfall], months: int) -> LookBack | None:
    """Return what a forecast made so many months ago says of now; None where its history is too short."""
    then = flows[: len(flows) - months]
    if lacks_months(then):
        return None
    point = forecast(then[-1].ending, then[-MONTHS_SEEN:], months)[-1]
    return LookBack(months, point, flows[-1].ending)


def lacks_months(flows: Sequence[Waterfall]) -> bool:
    """Say whether the last months are too few to average, or one of them started with nothing."""
    seen = flows[-MONTHS_SEEN:]
    return len(seen) < MONTHS_SEEN or any(flow.starting <= 0 for flow in seen)


def _of_one_currency(seen: Iterable[Waterfall]) -> None:
    codes = sorted({flow.currency for flow in seen})
    if len(codes) > 1:
        raise UnlikeCurrenciesError(f"A forecast is of one currency; these are {', '.join(codes)}.")


def _mean(values: Iterable[Fraction]) -> Fraction:
    found = list(values)
    return sum(found, Fraction(0)) / len(found)
