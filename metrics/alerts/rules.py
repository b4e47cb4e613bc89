"""The six alert rules: whether each one's comparison holds, and whether it is more than chance.

A rule reads a series at the local midnight that begins a day. What alerts is guarded: a difference
counts only above 3·√(Σ amount²) of the movements in its windows (definitions, section 7).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from metrics.alerts.series import KINDS, Moved, Series, days_before, months_before
from metrics.core.rates import ratio

# An alert clears where its value is back by a tenth of the threshold, so that none flaps around it.
CLEARING = Fraction(9, 10)
# New MRR is compared with the mean of four spans as long as the one that is judged.
EARLIER_SPANS = 4


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """An organization's rules: which are on, which are guarded, and their thresholds.

    Thresholds are fractions, weeks, months and counts; a rule without its guard alerts where it would be
    watched.
    """

    revenue_churn_threshold: Decimal = Decimal("0.03")
    nrr_warning: Decimal = Decimal("1.0")
    new_mrr_flat_weeks: int = 3
    new_mrr_flat_ratio: Decimal = Decimal("0.8")
    expansion_decline_months: int = 2
    failed_payments_minimum: int = 3
    failed_payments_ratio: Decimal = Decimal("1.25")
    arr_growth_ratio: Decimal = Decimal("0.75")
    minimum_customers: int = 10
    revenue_churn_on: bool = True
    new_mrr_flat_on: bool = True
    expansion_declining_on: bool = True
    failed_payments_rising_on: bool = True
    arr_growth_decelerating_on: bool = True
    net_revenue_retention_low_on: bool = True
    new_mrr_flat_guarded: bool = True
    expansion_declining_guarded: bool = True
    failed_payments_rising_guarded: bool = True
    arr_growth_decelerating_guarded: bool = True
    net_revenue_retention_low_guarded: bool = True

    def is_on(self, rule: str) -> bool:
        """Tell whether a rule is judged at all."""
        return bool(getattr(self, f"{rule}_on"))

    def is_guarded(self, rule: str) -> bool:
        """Tell whether a rule needs more than its plain comparison; an absolute bound knows no other."""
        return bool(getattr(self, f"{rule}_guarded", True))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule says of one day: `off`, `insufficient`, `quiet`, `watch` (it holds) or `alert`.

    `clears` tells that a firing alert has cleared: the value is back beyond the threshold by a tenth of
    it, or what is left of the difference may be chance.
    """

    rule: str
    level: str
    value: Fraction | None = None
    threshold: Fraction | None = None
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rule's figures: whether it is watched, whether it alerts with its guard, whether it has cleared.

    `back` tells that it has cleared for someone who switched the guard off.
    """

    watched: bool
    alerts: bool
    clears: bool
    value: Fraction | None
    threshold: Fraction | None
    back: bool = False


def readings(series: Series, on: date, settings: AlertSettings) -> tuple[Reading, ...]:
    """Return what each rule says at the midnight that begins a day."""
    return tuple(reading(rule, series, on, settings) for rule in RULES)


def reading(rule: str, series: Series, on: date, settings: AlertSettings) -> Reading:
    """Return what one rule says at the midnight that begins a day."""
    if not settings.is_on(rule):
        return Reading(rule, "off")
    if series.first_on > since(rule, on, settings) or series.customers_at(on) < settings.minimum_customers:
        return Reading(rule, "insufficient")
    found = RULES[rule].compare(series, on, settings)
    alerts = found.alerts if settings.is_guarded(rule) else found.watched
    clears = found.clears if settings.is_guarded(rule) else found.back
    level = "alert" if alerts else "watch" if found.watched else "quiet"
    return Reading(rule, level, found.value, found.threshold, clears and not alerts)


def since(rule: str, on: date, settings: AlertSettings) -> date:
    """Return the day to which history must reach back for a rule to say anything."""
    return RULES[rule].cuts(on, settings)[0]


def guarded(difference: int | Fraction, moved: Moved) -> bool:
    """Tell whether a difference is above 3·√(Σ amount²)."""
    return difference > 0 and difference**2 > 9 * moved.squares


def week_start(on: date) -> date:
    """Return the Monday of a day's week."""
    return days_before(on, on.weekday())


def _revenue_churn(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """Churn of the trailing 30 days against the MRR before them; an absolute bound needs no guard."""
    start = days_before(on, 30)
    rate = ratio(series.moved(start, on, "churn").amount_micro, series.mrr_at(start))
    limit = Fraction(settings.revenue_churn_threshold)
    holds = rate is not None and rate > limit
    return Comparison(holds, holds, rate is None or rate <= CLEARING * limit, rate, limit)


def _new_mrr_flat(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """New MRR of the last complete weeks against the weeks before, and against four times as many."""
    span, end = timedelta(weeks=settings.new_mrr_flat_weeks), week_start(on)
    last = series.moved(end - span, end, "new")
    previous = series.moved(end - 2 * span, end - span, "new")
    earlier = series.moved(end - (EARLIER_SPANS + 1) * span, end - span, "new")
    mean = Fraction(earlier.amount_micro, EARLIER_SPANS)
    limit = Fraction(settings.new_mrr_flat_ratio) * mean
    sure = guarded(mean - last.amount_micro, last + earlier)
    value = Fraction(last.amount_micro)
    clears = value >= limit / CLEARING or not sure
    watched, back = value <= previous.amount_micro, CLEARING * value > previous.amount_micro
    return Comparison(watched, value < limit and sure, clears, value, limit, back)


def _expansion_declining(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """Expansion MRR of the last complete months, each below the one before."""
    count = settings.expansion_decline_months
    firsts = [months_before(on, n) for n in range(count + 1, -1, -1)]
    months = [series.moved(start, end, "expansion") for start, end in pairwise(firsts)]
    falls = all(after.amount_micro < before.amount_micro for before, after in pairwise(months))
    first, last = months[0].amount_micro, months[-1].amount_micro
    sure = falls and guarded(first - last, sum(months, Moved()))
    return Comparison(falls, sure, not sure, Fraction(last), Fraction(first), not falls)


def _failed_payments_rising(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """Invoices first failing within 30 days, per customer, against the 30 days before."""
    middle, start = days_before(on, 30), days_before(on, 60)
    now, before = series.failed(middle, on), series.failed(start, middle)
    value = Fraction(now, series.customers_at(on))
    limit = Fraction(settings.failed_payments_ratio) * (ratio(before, series.customers_at(middle)) or 0)
    holds = now >= settings.failed_payments_minimum and value > limit
    sure = guarded(now - before, Moved(squares=now + before))
    below = value <= CLEARING * limit
    few = now < settings.failed_payments_minimum
    return Comparison(holds, holds and sure, below or not sure, value, limit, below or few)


def _arr_growth_decelerating(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """Growth over three months against the three before, at the last two month ends."""
    latest, earlier = (_slower(series, months_before(on, back), settings) for back in (0, 1))
    return Comparison(
        latest.watched and earlier.watched,
        latest.alerts and earlier.alerts,
        latest.clears,
        latest.value,
        latest.threshold,
        latest.back,
    )


def _slower(series: Series, end: date, settings: AlertSettings) -> Comparison:
    middle, first = months_before(end, 3), months_before(end, 6)
    at_first, at_middle, at_end = (series.mrr_at(day) for day in (first, middle, end))
    growth, before = ratio(at_end - at_middle, at_middle), ratio(at_middle - at_first, at_first)
    if growth is None or before is None:
        return Comparison(False, False, True, growth, None, True)
    limit = before * Fraction(settings.arr_growth_ratio)
    lost = (at_middle - at_first) - (at_end - at_middle)
    sure = guarded(lost, series.moved(first, end, *KINDS))
    back = growth >= limit + abs(limit) * (1 / CLEARING - 1)
    return Comparison(growth < limit, growth < limit and sure, back or not sure, growth, limit, back)


def _net_revenue_retention_low(series: Series, on: date, settings: AlertSettings) -> Comparison:
    """Net revenue retention over the trailing 30 days."""
    start = days_before(on, 30)
    gained = series.moved(start, on, "expansion")
    lost = series.moved(start, on, "contraction", "churn")
    before, limit = series.mrr_at(start), Fraction(settings.nrr_warning)
    rate = ratio(before + gained.amount_micro - lost.amount_micro, before)
    if rate is None:
        return Comparison(False, False, True, None, limit, True)
    sure = guarded(limit * before - (before + gained.amount_micro - lost.amount_micro), lost + gained)
    low, clears = rate < limit, rate >= limit / CLEARING or not sure
    return Comparison(low, low and sure, clears, rate, limit, not low)


Window = tuple[date, date, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a rule compares, at which days before one its spans meet, and which movements it judges.

    The first of these days, in their order, is the one to which it needs history.
    """

    compare: Callable[[Series, date, AlertSettings], Comparison]
    cuts: Callable[[date, AlertSettings], Sequence[date]]
    window: Callable[[date, AlertSettings], Window]


RULES: dict[str, Rule] = {
    "revenue_churn": Rule(
        _revenue_churn,
        lambda on, _: [days_before(on, 30)],
        lambda on, _: (days_before(on, 30), on, ("churn",)),
    ),
    "new_mrr_flat": Rule(
        _new_mrr_flat,
        lambda on, own: [
            week_start(on) - spans * timedelta(weeks=own.new_mrr_flat_weeks)
            for spans in (EARLIER_SPANS + 1, 2, 1, 0)
        ],
        lambda on, own: (
            week_start(on) - timedelta(weeks=own.new_mrr_flat_weeks),
            week_start(on),
            ("new",),
        ),
    ),
    "expansion_declining": Rule(
        _expansion_declining,
        lambda on, own: [months_before(on, back) for back in range(own.expansion_decline_months + 1, -1, -1)],
        lambda on, own: (
            months_before(on, own.expansion_decline_months),
            months_before(on, 0),
            ("expansion",),
        ),
    ),
    "failed_payments_rising": Rule(
        _failed_payments_rising,
        lambda on, _: [days_before(on, 60), days_before(on, 30)],
        lambda on, _: (days_before(on, 30), on, ()),
    ),
    "arr_growth_decelerating": Rule(
        _arr_growth_decelerating,
        lambda on, _: [months_before(on, back) for back in (7, 6, 4, 3, 1, 0)],
        lambda on, _: (months_before(on, 3), months_before(on, 0), KINDS),
    ),
    "net_revenue_retention_low": Rule(
        _net_revenue_retention_low,
        lambda on, _: [days_before(on, 30)],
        lambda on, _: (days_before(on, 30), on, ("expansion", "contraction", "churn")),
    ),
}
