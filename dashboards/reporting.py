"""A page in the reporting currency: its months, its plans, and the rates behind its figures."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.reading import Asked
from config import dates
from dashboards.formatting import DASH
from dashboards.selection import Selection, choices, named
from metrics import queries
from metrics.exchange.converting import Reported
from metrics.exchange.plans import reported_plans
from metrics.exchange.quotes import MissingRateError, Quote, Rate
from metrics.exchange.storing import reported
from metrics.flows import Month
from metrics.months import Months
from metrics.periods import last_months, shift
from metrics.queries import PlanShare

DIGITS = 8
SOURCES: "dict[str, str | Promise]" = {
    "csv": gettext_lazy("uploaded"),
    "ecb_file": gettext_lazy("ECB, uploaded"),
    "ecb": gettext_lazy("ECB"),
}


@dataclass(frozen=True, slots=True)
class RateCell:
    """One rate with where it comes from, ready to be drawn."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """The rates of one currency in one month."""

    month: str
    pair: str
    opening: RateCell
    closing: RateCell


NO_RATE = RateCell(DASH, "")


def history_of(organization_id: UUID, selection: Selection, months: Months) -> Months | Reported:
    """Return the months that a page shows, in the reporting currency where it asks for one."""
    if not selection.reporting:
        return months
    wanted = last_months(selection.month, selection.length)
    if selection.first <= selection.compared < wanted[0]:
        # The first month shown opens with the closing rate of the month before it.
        wanted = [selection.compared, shift(wanted[0], -1), *wanted]
    return reported(organization_id, months, selection.currency, wanted, constant=selection.constant)


def plans_asked(organization_id: UUID, selection: Selection) -> Asked:
    """Return what `plan_shares` asks, for whoever reads it ahead."""
    currency = None if selection.reporting else selection.currency
    return queries.plans_asked(organization_id, currency, selection.month)


def plan_shares(
    organization_id: UUID, selection: Selection, history: Months | Reported, month: Month
) -> list[PlanShare]:
    """Return the plans of the month; in the reporting currency those of every currency."""
    if isinstance(history, Months):
        return queries.plan_mix(organization_id, selection.currency, selection.month)
    plans = queries.plan_mix(organization_id, None, selection.month)
    return reported_plans(plans, month, history.exchange)


def rates_used(selection: Selection, history: Months | Reported) -> list[RateRow]:
    """Return every rate that the shown months took, latest month first."""
    if isinstance(history, Months):
        return []
    used = history.used(last_months(selection.month, selection.length))
    rows = [(one.month, one.opening, one.closing, one.opening or one.closing) for one in used]
    return [
        RateRow(named(month), _pair(either), rate_cell(opening), rate_cell(closing))
        for month, opening, closing, either in reversed(rows)
        if either
    ]


def without_rates(selection: Selection, months: Months, error: MissingRateError) -> dict[str, Any]:
    """Return what a page shows that lacks a rate: which, and the way to another view."""
    return {
        "selection": selection,
        "choices": choices(selection, months.currencies(), converts=True),
        "missing_rate": str(error),
        "state_template": "dashboards/missing_rate.html",
    }


def _pair(rate: Rate) -> str:
    return f"{rate.base.upper()} → {rate.to.upper()}"


def rate_cell(rate: Rate | None) -> RateCell:
    """Return a rate with its day and source, a dash for none."""
    if rate is None:
        return NO_RATE
    return RateCell(rate_text(rate), ", ".join([_on(rate.on), *map(_quoted, _told(rate))]))


def _on(day: date) -> str:
    return dates.day(day)


def _told(rate: Rate) -> list[Quote | str]:
    """Return the stored quotes where the rate is none of them itself, else its source."""
    own = [quote for quote in rate.quotes if (quote.base, quote.quote) == (rate.base, rate.to)]
    return [*map(_source, own)] if own else [*rate.quotes]


def _quoted(one: Quote | str) -> str:
    if isinstance(one, str):
        return one
    words = {"base": one.base.upper(), "quote": one.quote.upper(), "rate": one.rate, "source": _source(one)}
    return _("1 %(base)s = %(rate)s %(quote)s (%(source)s)") % words


def _source(quote: Quote) -> str:
    return str(SOURCES[quote.source])


def rate_text(rate: Rate) -> str:
    """Return a rate as it was stored, one made of others with eight digits."""
    for quote in rate.quotes:
        if (quote.base, quote.quote) == (rate.base, rate.to):
            return f"{quote.rate:f}"
    with localcontext() as context:
        context.prec = DIGITS
        return f"{Decimal(rate.value.numerator) / Decimal(rate.value.denominator):f}"
