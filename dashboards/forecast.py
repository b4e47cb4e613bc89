"""The forecast in words and rows, ready to be drawn: what it comes to, from what, and how far off before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import dates
from dashboards.forecast_chart import forecast_chart
from dashboards.forecast_forms import AssumptionsForm
from dashboards.formatting import DASH, Money, money, percent
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.opening import Opening
from metrics.core.forecast import (
    CUSTOMERS_NEEDED,
    MONTHS_AHEAD,
    MONTHS_SEEN,
    Assumptions,
    LookBack,
    Point,
    averages,
    forecast,
)
from metrics.evidence.sums import COUNTS, LOSSES
from metrics.flows import Month
from metrics.forecasting.assumptions import assumed
from metrics.forecasting.loading import History
from metrics.forecasting.models import ForecastAssumptions
from metrics.periods import shift

CHARTED = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """An amount that opens, of how many customers it is."""

    amount: Money
    opens: Link
    count: int


@dataclass(frozen=True, slots=True)
class SeenMonth:
    """One of the months that are averaged."""

    month: date
    starting: Cell
    kinds: list[Cell]


@dataclass(frozen=True, slots=True)
class Average:
    """What one kind brings on average, from how many movements, and what is assumed instead."""

    label: str
    average: str
    count: int
    assumed: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """MRR at the end of a month ahead, with its range."""

    month: date
    likely: Money
    low: Money
    high: Money


@dataclass(frozen=True, slots=True)
class Back:
    """What a forecast made some months ago would have said of the last month, beside what that was."""

    months: int
    made: date
    said: Money | None = None
    low: Money | None = None
    high: Money | None = None
    off: str = DASH
    within: bool = False


def forecast_page(
    history: History, opening: Opening, found: ForecastAssumptions | None, form: AssumptionsForm | None = None
) -> dict[str, Any]:
    """Return what the page shows; without enough history, why there is no forecast."""
    told = {"currency": opening.currency.upper(), "seen": MONTHS_SEEN}
    if history.lacks_months or history.lacks_customers:
        return {**told, "lacking": _lacking(history)}
    last, means = history.months[-1], averages([*history.flows][-MONTHS_SEEN:])
    wanted = assumed(means, found)
    points = forecast(last.ending_micro, history.flows[-MONTHS_SEEN:], MONTHS_AHEAD, wanted)
    ahead = [shift(last.month, months) for months in range(1, MONTHS_AHEAD + 1)]
    summary = _summary(points[-1], ahead[-1], opening.currency, edited=found is not None)
    return {
        **told,
        "summary": summary,
        "edited": found,
        "start": Cell(money(last.ending_micro, opening.currency), opening.ending(last), last.customers_end),
        "start_month": last.month,
        "chart": forecast_chart(history.months[-CHARTED:], points, ahead, opening.currency, summary),
        "ahead": [
            _ahead(month, point, opening.currency) for month, point in zip(ahead, points[1:], strict=True)
        ],
        "kinds": [str(TERMS[kind].label) for kind in COUNTS],
        "months": [_seen(month, opening) for month in history.seen],
        "averages": _averages(history.seen, means, wanted, opening.currency),
        "backs": [_back(months, one, last, opening.currency) for months, one in history.looks_back().items()],
        "actual": Cell(money(last.ending_micro, opening.currency), opening.ending(last), last.customers_end),
        "form": form or AssumptionsForm(opening.currency, means, found),
    }


def form_of(
    history: History, currency: str, found: ForecastAssumptions | None, data: Any
) -> AssumptionsForm | None:
    """Return the form as it was sent; None where there is nothing to assume about."""
    if history.lacks_months or history.lacks_customers:
        return None
    return AssumptionsForm(currency, averages(history.flows[-MONTHS_SEEN:]), found, data)


def _lacking(history: History) -> list[str]:
    """Say what a forecast would need."""
    said = []
    if history.lacks_months:
        known = ngettext(
            "There is %(count)s complete month that started with MRR; a forecast needs %(needed)s.",
            "There are %(count)s complete months that started with MRR; a forecast needs %(needed)s.",
            history.complete,
        )
        said.append(known % {"count": history.complete, "needed": MONTHS_SEEN})
    if history.lacks_customers:
        known = ngettext(
            "The last complete month ended with %(count)s customer; below %(needed)s it is too few to say.",
            "The last complete month ended with %(count)s customers; below %(needed)s it is too few to say.",
            history.customers,
        )
        said.append(known % {"count": history.customers, "needed": CUSTOMERS_NEEDED})
    return said


def _summary(point: Point, month: date, currency: str, *, edited: bool) -> str:
    words = {
        "likely": money(point.likely, currency),
        "low": money(point.low, currency),
        "high": money(point.high, currency),
        "month": dates.month(month),
        "seen": MONTHS_SEEN,
    }
    if edited:
        said = _(
            "Under the assumptions below, MRR is %(likely)s at the end of %(month)s, "
            "between %(low)s and %(high)s."
        )
        return said % words
    said = ngettext(
        "If every month is like the last %(seen)s month on average, MRR is %(likely)s at the end of "
        "%(month)s, between %(low)s and %(high)s.",
        "If every month is like the last %(seen)s months on average, MRR is %(likely)s at the end of "
        "%(month)s, between %(low)s and %(high)s.",
        MONTHS_SEEN,
    )
    return said % words


def _ahead(month: date, point: Point, currency: str) -> Ahead:
    return Ahead(month, *(money(one, currency) for one in (point.likely, point.low, point.high)))


def _seen(month: Month, opening: Opening) -> SeenMonth:
    starting = Cell(
        money(month.starting_micro, month.currency), opening.starting(month), month.customers_start
    )
    return SeenMonth(month.month, starting, [_kind(month, kind, opening) for kind in COUNTS])


def _kind(month: Month, kind: str, opening: Opening) -> Cell:
    link, sign = opening.kind(month, kind), -1 if kind in LOSSES else 1
    amount: int = getattr(month, f"{kind}_micro")
    return Cell(money(sign * amount, month.currency), link, getattr(month, COUNTS[kind]))


def _averages(seen: Sequence[Month], means: Assumptions, wanted: Assumptions, currency: str) -> list[Average]:
    return [
        Average(
            str(TERMS[kind].label),
            _written(kind, means, currency),
            sum(getattr(month, COUNTS[kind]) for month in seen),
            _written(kind, wanted, currency),
        )
        for kind in COUNTS
    ]


def _written(kind: str, one: Assumptions, currency: str) -> str:
    return str(money(one.new, currency)) if kind == "new" else percent(getattr(one, kind))


def _back(months: int, one: LookBack | None, last: Month, currency: str) -> Back:
    made = shift(last.month, -months)
    if one is None:
        return Back(months, made)
    likely, low, high = (money(each, currency) for each in (one.point.likely, one.point.low, one.point.high))
    return Back(months, made, likely, low, high, percent(one.error, signed=True), one.is_within)
