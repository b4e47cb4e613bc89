"""When a rule fires and when it has cleared: a fold over what it says day by day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from metrics.alerts.rules import AlertSettings, Reading, reading
from metrics.alerts.series import Series

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Firing:
    """A period in which a rule fired: what it read when it began; `recovered_on` None is still firing."""

    rule: str
    fired_on: date
    reading: Reading
    recovered_on: date | None = None


def fires(yesterday: Reading, today: Reading) -> bool:
    """Tell whether a rule that was not firing does: it must hold two days running."""
    return yesterday.level == "alert" and today.level == "alert"


def periods(
    rule: str, told: Iterable[tuple[date, Reading]], present: Firing | None = None
) -> Iterator[Firing]:
    """Yield the firing periods among what a rule said day after day, the last perhaps still firing.

    `present` is a period that was firing before the first of these days. A day too early to judge
    changes nothing.
    """
    before = Reading(rule, "quiet")
    for on, today in told:
        if present is None and fires(before, today):
            present = Firing(rule, on, today)
        elif present is not None and today.clears:
            yield replace(present, recovered_on=on)
            present = None
        before = today
    if present is not None:
        yield present


def told(rule: str, series: Series, start: date, settings: AlertSettings) -> list[tuple[date, Reading]]:
    """Return what a rule says at each midnight from a day to the series' end, that one included."""
    count = (series.today - start).days + 1
    days = [start + n * DAY for n in range(count)]
    return [(on, reading(rule, series, on, settings)) for on in days]


def backtest(rule: str, series: Series, start: date, settings: AlertSettings) -> list[Firing]:
    """Return when a rule would have fired from a day on, under settings that may only be thought of."""
    return list(periods(rule, told(rule, series, start - DAY, settings)))
