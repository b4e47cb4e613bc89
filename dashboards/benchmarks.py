"""An organization's growth and retention beside bands and published figures: context, no verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import prod
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dashboards.benchmark_words import BANDS
from dashboards.benchmarks_by_tier import BENCHMARKS, MEASURES, STATISTICS, Benchmark, Source
from dashboards.counted import FEW
from dashboards.formatting import money, number, percent
from dashboards.links import Link, query
from dashboards.opening import Opening
from dashboards.selection import Choice, Selection, named
from dashboards.snapshot import change
from metrics.core.money import MICRO, decimals
from metrics.core.rates import Rate, growth_band, ratio
from metrics.evidence.sizes import spread
from metrics.exchange.converting import scaled
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.storing import quotes_of
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import shift
from metrics.queries import Shown

YEAR = 12
DOLLAR = 100 * MICRO


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and the rows that it opens."""

    text: str
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month: what it began with, its rates, and the band of its growth where that can be said."""

    label: str
    customers: Cell
    starting: Cell
    growth: Cell
    churn: Cell
    retention: str
    band: "str | Promise"


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure in words; `own` where companies of the organization's size are among them."""

    tier: str
    statistic: "str | Promise"
    rate: str
    source: Source
    own: bool


def benchmarks_page(shown: Shown, months: Months, selection: Selection, slug: str) -> dict[str, Any]:
    """Return what the page shows of the twelve months that have ended, in one currency."""
    ended = shift(selection.present, -1)
    read = months.last(YEAR + 1, selection.currency, until=ended)
    known = [month for month in read if month.month >= selection.first]
    opening = Opening(slug, selection.currency, shown.today)
    arr = read[-1].ending_micro * YEAR
    dollars, converted = _in_dollars(shown, selection.currency, arr)
    few = read[-1].customers_end < FEW
    own = None if few else dollars
    return {
        "few": few,
        "least": FEW,
        "customers": Cell(number(read[-1].customers_end), opening.holders(read[-1])),
        "arr": Cell(str(money(arr, selection.currency)), opening.ending(read[-1], figure="arr")),
        "ended": named(ended),
        "converted": converted,
        "largest": _largest(shown, selection.currency, slug),
        "yours": _yours(read, known),
        "months": [_month(month, opening) for month in reversed(known[-YEAR:])],
        "bands": list(BANDS.values()),
        "measures": [(label, _published(name, own)) for name, label in MEASURES.items()],
        "currencies": [
            Choice(code, code.upper(), f"?{query({'currency': code})}", code == selection.currency)
            for code in months.currencies()
        ],
        "currency": selection.currency.upper(),
    }


def _in_dollars(shown: Shown, currency: str, arr: int) -> tuple[Fraction, bool]:
    """Return ARR in US dollars, by the latest rate where there is one; else as if it were dollars."""
    if currency == "usd":
        return Fraction(arr, DOLLAR), True
    try:
        rate = quotes_of(shown.organization_id, [currency, "usd"], [shown.today]).rate(
            currency, "usd", shown.today
        )
    except MissingRateError:
        return Fraction(arr, MICRO * 10 ** decimals(currency)), False
    return arr * scaled(rate) / DOLLAR, True


def _yours(read: Sequence[Month], known: Sequence[Month]) -> dict[str, str]:
    """Return the organization's own figures over a year; none before there are twelve months."""
    year = [waterfall(month) for month in read[1:]]
    if len(known) < YEAR:
        return {}
    grown = change(read[0].ending_micro, read[-1].ending_micro) if len(known) > YEAR else None
    kept = _multiplied([flow.net_revenue_retention for flow in year])
    gross = _multiplied([flow.gross_revenue_retention for flow in year])
    found = {
        "growth": grown,
        "net_revenue_retention": kept,
        "gross_revenue_retention": gross,
        "gross_churn": None if gross is None else 1 - gross,
    }
    return {str(MEASURES[name]): percent(rate) for name, rate in found.items() if rate is not None}


def _multiplied(rates: Sequence[Rate]) -> Rate:
    known = [rate for rate in rates if rate is not None]
    return prod(known, start=Fraction(1)) if len(known) == len(rates) else None


def _largest(shown: Shown, currency: str, slug: str) -> Cell | None:
    """Return which share of today's MRR the largest customer holds."""
    found = spread(shown, currency, shown.today, [0])
    one = found.largest.get(1)
    rate = ratio(one.mrr_micro, found.whole.mrr_micro) if one and one.customers else None
    if one is None or rate is None:
        return None
    opening = Opening(slug, currency, shown.today)
    url = f"{opening.customers(shown.today).split('?')[0]}?{query({'currency': currency, 'top': '1'})}"
    return Cell(percent(rate), Link(url, amount_micro=one.mrr_micro))


def _month(month: Month, opening: Opening) -> MonthRow:
    flow = waterfall(month)
    growth, churn = flow.mrr_growth_rate, flow.revenue_churn_rate
    enough = month.customers_start >= FEW
    return MonthRow(
        named(month.month),
        Cell(
            number(month.customers_start),
            Link(opening.customers(month.month - timedelta(days=1)), count=month.customers_start),
        ),
        Cell(str(money(month.starting_micro, month.currency)), opening.starting(month)),
        Cell(percent(growth), None if growth is None else opening.rate(month, "mrr_growth_rate", growth)),
        Cell(percent(churn), None if churn is None else opening.rate(month, "revenue_churn_rate", churn)),
        percent(flow.net_revenue_retention),
        _("too few to say") if not enough or growth is None else BANDS[growth_band(growth)],
    )


def _published(measure: str, arr: Fraction | None) -> list[Published]:
    return [
        Published(
            _tier(one),
            STATISTICS[one.statistic],
            percent(one.rate),
            one.source,
            arr is not None and one.covers(arr),
        )
        for one in BENCHMARKS
        if one.measure == measure
    ]


def _tier(one: Benchmark) -> str:
    words = {
        "low": _dollars(one.low),
        "high": "" if one.high is None else _dollars(one.high),
    }
    if one.high is None:
        return _("%(low)s and above") % words if one.low else pgettext("a size of company", "any")
    return _("%(low)s to %(high)s") % words if one.low else _("below %(high)s") % words


def _dollars(whole: int) -> str:
    told = money(whole * DOLLAR, "usd")
    return f"{told.before}{told.whole}{told.after}"
