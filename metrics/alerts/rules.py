"""The six alert rules: whether each one's comparison holds, and whether it is more than chance."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import chain, pairwise

from metrics.core.rates import ratio


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Thresholds of the six rules of an organization: fractions, weeks, months, counts."""

    revenue_churn_threshold: Decimal = Decimal("0.03")
    nrr_warning: Decimal = Decimal("1.0")
    new_mrr_flat_weeks: int = 3
    new_mrr_flat_ratio: Decimal = Decimal("0.8")
    expansion_decline_months: int = 2
    failed_payments_minimum: int = 3
    failed_payments_ratio: Decimal = Decimal("1.25")
    arr_growth_ratio: Decimal = Decimal("0.75")
    minimum_customers: int = 10


@dataclass(frozen=True, slots=True)
class Move:
    """A movement on a local day; the amount is signed micro units."""

    on: date
    kind: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Recent:
    """What the rules look at, up to the local midnight that begins `today`.

    `mrr_micro` and `customers` are as of that midnight; `first_on` is the day history begins;
    `failed_on` has the day of the first failed attempt of each invoice.
    """

    today: date
    first_on: date
    mrr_micro: int
    customers: int
    customers_30_days_ago: int
    moves: Sequence[Move]
    failed_on: Sequence[date]

    def within(self, start: date, end: date, *kinds: str) -> list[int]:
        """Return the amounts moved in `[start, end)` as magnitudes, of all kinds when none is named."""
        return [
            abs(move.amount_micro)
            for move in self.moves
            if start <= move.on < end and (not kinds or move.kind in kinds)
        ]

    def mrr_before(self, start: date) -> int:
        """Return the MRR at the midnight that begins a day."""
        return self.mrr_micro - sum(move.amount_micro for move in self.moves if start <= move.on < self.today)


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule's state: `insufficient`, `quiet`, `watch` (it holds) or `alert` (and is guarded)."""

    rule: str
    level: str
    value: Fraction | None = None
    threshold: Fraction | None = None


def readings(recent: Recent, settings: AlertSettings) -> tuple[Reading, ...]:
    """Return what each rule says at the last local midnight."""
    few = recent.customers < settings.minimum_customers
    return tuple(
        Reading(name, "insufficient")
        if few or recent.first_on > since(recent.today)
        else rule(name, recent, settings)
        for name, (since, rule) in RULES.items()
    )


def guarded(difference: int | Fraction, amounts: Iterable[int]) -> bool:
    """Tell whether a difference is above 3·√(Σ amount²)."""
    return difference > 0 and difference**2 > 9 * sum(amount**2 for amount in amounts)


def months_before(today: date, months: int) -> date:
    """Return the first of the month some months before."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _level(alert: bool, watch: bool) -> str:
    return "alert" if alert else "watch" if watch else "quiet"


def _revenue_churn(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """Churn of the trailing 30 days against the MRR before them; an absolute bound needs no guard."""
    start = recent.today - timedelta(days=30)
    rate = ratio(sum(recent.within(start, recent.today, "churn")), recent.mrr_before(start))
    limit = Fraction(settings.revenue_churn_threshold)
    holds = rate is not None and rate > limit
    return Reading(rule, _level(holds, holds), rate, limit)


def _new_mrr_flat(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """New MRR of the last complete weeks against the weeks before, and against four times as many."""
    weeks = timedelta(weeks=settings.new_mrr_flat_weeks)
    end = recent.today - timedelta(days=recent.today.weekday())
    last = recent.within(end - weeks, end, "new")
    previous = recent.within(end - 2 * weeks, end - weeks, "new")
    earlier = recent.within(end - 5 * weeks, end - weeks, "new")
    mean = Fraction(sum(earlier), 4)
    limit = Fraction(settings.new_mrr_flat_ratio) * mean
    alert = sum(last) < limit and guarded(mean - sum(last), last + earlier)
    return Reading(rule, _level(alert, sum(last) <= sum(previous)), Fraction(sum(last)), limit)


def _expansion_declining(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """Expansion MRR of the last complete months, each below the one before."""
    count = settings.expansion_decline_months
    firsts = [months_before(recent.today, n) for n in range(count + 1, -1, -1)]
    months = [recent.within(start, end, "expansion") for start, end in pairwise(firsts)]
    falls = all(sum(after) < sum(before) for before, after in pairwise(months))
    first, last = sum(months[0]), sum(months[-1])
    alert = falls and guarded(first - last, chain.from_iterable(months))
    return Reading(rule, _level(alert, falls), Fraction(last), Fraction(first))


def _failed_payments_rising(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """Invoices first failing within 30 days, per customer, against the 30 days before."""
    middle, start = recent.today - timedelta(days=30), recent.today - timedelta(days=60)
    now = sum(middle <= day < recent.today for day in recent.failed_on)
    before = sum(start <= day < middle for day in recent.failed_on)
    value = Fraction(now, recent.customers)
    limit = Fraction(settings.failed_payments_ratio) * (ratio(before, recent.customers_30_days_ago) or 0)
    holds = now >= settings.failed_payments_minimum and value > limit
    alert = holds and guarded(now - before, [1] * (now + before))
    return Reading(rule, _level(alert, holds), value, limit)


def _arr_growth_decelerating(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """Growth over three months against the three before, at the last two month ends."""
    slower = []
    for back in (1, 0):
        first, middle, end = (months_before(recent.today, back + n) for n in (6, 3, 0))
        at_first, at_middle, at_end = (recent.mrr_before(day) for day in (first, middle, end))
        growth, limit = ratio(at_end - at_middle, at_middle), ratio(at_middle - at_first, at_first)
        limit = None if limit is None else limit * Fraction(settings.arr_growth_ratio)
        holds = growth is not None and limit is not None and growth < limit
        lost = (at_middle - at_first) - (at_end - at_middle)
        slower.append((holds, holds and guarded(lost, recent.within(first, end))))
    watch, alert = (all(flags) for flags in zip(*slower, strict=True))
    return Reading(rule, _level(alert, watch), growth, limit)


def _net_revenue_retention_low(rule: str, recent: Recent, settings: AlertSettings) -> Reading:
    """Net revenue retention over the trailing 30 days."""
    start = recent.today - timedelta(days=30)
    gained = recent.within(start, recent.today, "expansion")
    lost = recent.within(start, recent.today, "contraction", "churn")
    before = recent.mrr_before(start)
    rate, limit = ratio(before + sum(gained) - sum(lost), before), Fraction(settings.nrr_warning)
    holds = rate is not None and rate < limit
    return Reading(
        rule, _level(holds and guarded(sum(lost) - sum(gained), lost + gained), holds), rate, limit
    )


Rule = Callable[[str, Recent, AlertSettings], Reading]


def _days(count: int) -> Callable[[date], date]:
    return lambda today: today - timedelta(days=count)


def _months(count: int) -> Callable[[date], date]:
    return lambda today: months_before(today, count)


# Each rule with the first day of the history that it needs.
RULES: dict[str, tuple[Callable[[date], date], Rule]] = {
    "revenue_churn": (_days(30), _revenue_churn),
    "new_mrr_flat": (_days(112), _new_mrr_flat),
    "expansion_declining": (_months(3), _expansion_declining),
    "failed_payments_rising": (_days(60), _failed_payments_rising),
    "arr_growth_decelerating": (_months(7), _arr_growth_decelerating),
    "net_revenue_retention_low": (_days(30), _net_revenue_retention_low),
}
