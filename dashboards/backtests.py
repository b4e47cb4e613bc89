"""When a rule fired, or would have, in the last twelve months: as a drawing and as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from dashboards.alert_words import figure
from dashboards.selection import named
from metrics.alerts.loading import series_of
from metrics.alerts.models import Alert
from metrics.alerts.rules import AlertSettings, Reading
from metrics.alerts.states import Firing, backtest, told
from metrics.periods import month_of, shift
from metrics.queries import Shown
from metrics.settings import changed

WIDTH, HEIGHT = 720, 180
MONTHS = 12
DAY = timedelta(days=1)
Told = Sequence[tuple[date, Reading]]
Span = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Band:
    """A firing period in the drawing's units."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What a rule said at a month's end, and on how many of its days it was firing."""

    label: str
    value: str
    threshold: str
    days: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A rule's value and threshold as lines, day after day, and the periods in which it fired."""

    start: date
    end: date
    value_lines: list[str]
    threshold_lines: list[str]
    bands: list[Band]
    highest: str
    lowest: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """A rule over twelve months: its drawing, when it would have fired, and how each month ended."""

    drawing: Drawing
    periods: list[Firing]
    months: list[MonthRow]


def backtest_of(shown: Shown, currency: str, rule: str, settings: AlertSettings) -> Backtest:
    """Judge a rule on every day of the last twelve months under settings that may only be thought of.

    A rule that is switched off is judged as if it were on.
    """
    tried = changed(settings, {f"{rule}_on": True})
    start = shift(month_of(shown.today), -MONTHS)
    series = series_of(shown, currency, start - DAY, tried, [rule])
    days = told(rule, series, start, tried)
    periods = backtest(rule, series, start, tried)
    return Backtest(
        drawing=_drawing(rule, currency, days, [(one.fired_on, one.recovered_on) for one in periods]),
        periods=periods,
        months=_months(rule, currency, days, periods),
    )


def history_of(shown: Shown, alert: Alert, alike: Sequence[Alert], settings: AlertSettings) -> Drawing:
    """Draw an alert's rule from a year ago, or a month before it fired, as the numbers stand now.

    `alike` are its rule's alerts in its currency, itself among them.
    """
    start = min(shift(month_of(shown.today), -MONTHS), shift(month_of(alert.fired_on), -1))
    tried = changed(settings, {f"{alert.rule}_on": True})
    series = series_of(shown, alert.currency, start - DAY, tried, [alert.rule])
    fired = [(one.fired_on, one.recovered_on) for one in alike]
    spans = [(begun, ended) for begun, ended in fired if ended is None or ended > start]
    return _drawing(alert.rule, alert.currency, told(alert.rule, series, start, tried), spans)


def _drawing(rule: str, currency: str, days: Told, periods: Sequence[Span]) -> Drawing:
    low, high = _bounds(days)
    start = days[0][0]
    return Drawing(
        start=start,
        end=days[-1][0],
        value_lines=_lines([one.value for _, one in days], low, high),
        threshold_lines=_lines([one.threshold for _, one in days], low, high),
        bands=[_band(fired_on, recovered_on, start, len(days)) for fired_on, recovered_on in periods],
        highest=figure(rule, str(high), currency),
        lowest=figure(rule, str(low), currency),
    )


def _bounds(days: Told) -> tuple[Fraction, Fraction]:
    found = [value for _, one in days for value in (one.value, one.threshold) if value is not None]
    low, high = min(found, default=Fraction(0)), max(found, default=Fraction(1))
    return (low, high) if low < high else (low, low + 1)


def _lines(values: Sequence[Fraction | None], low: Fraction, high: Fraction) -> list[str]:
    """Return the points of each unbroken stretch, for a drawing with its origin above."""
    lines: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            lines.append([])
            continue
        x = number * WIDTH / max(len(values) - 1, 1)
        y = HEIGHT - (value - low) * HEIGHT / (high - low)
        lines[-1].append(f"{x:.1f},{round(y * 10) / 10:.1f}")
    return [" ".join(line) for line in lines if line]


def _band(fired_on: date, recovered_on: date | None, start: date, count: int) -> Band:
    unit = WIDTH / max(count - 1, 1)
    first = max((fired_on - start).days, 0)
    last = count - 1 if recovered_on is None else (recovered_on - start).days
    return Band(first * unit, max((last - first) * unit, unit))


def _months(rule: str, currency: str, days: Told, periods: Sequence[Firing]) -> list[MonthRow]:
    lasts = {month_of(on): (on, one) for on, one in days}
    rows = []
    for month, (_, one) in sorted(lasts.items(), reverse=True):
        firing = sum(_fires_on(on, periods) for on, _ in days if month_of(on) == month)
        value, threshold = ("" if each is None else str(each) for each in (one.value, one.threshold))
        rows.append(
            MonthRow(named(month), figure(rule, value, currency), figure(rule, threshold, currency), firing)
        )
    return rows


def _fires_on(on: date, periods: Sequence[Firing]) -> bool:
    return any(one.fired_on <= on and (one.recovered_on is None or on < one.recovered_on) for one in periods)
