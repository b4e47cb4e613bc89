"""What an investor is shown of a month: few figures, each with its definition and what it is made of.

No customer is named; shown to someone without an account, nothing opens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization
from config import dates
from dashboards.formatting import DASH, Money, money, number, percent
from dashboards.glossary import TERMS, Term
from dashboards.links import Link
from dashboards.opening import Opening
from dashboards.selection import Selection, select
from dashboards.snapshot import change
from metrics.core.rates import Rate, trailing_twelve_month
from metrics.exchange.converting import Reported
from metrics.exchange.storing import reported
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import last_months, shift
from metrics.queries import Shown

YEAR = 12
RETAINED = ("expansion", "contraction", "churn")


@dataclass(frozen=True, slots=True)
class Part:
    """One number of a figure's arithmetic, and the rows that it opens."""

    label: str
    text: str
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure with its meaning, what it is made of, and why it is a dash where it is one."""

    name: str
    value: Money | str
    term: Term
    parts: Sequence[Part] = ()
    opens: Link | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One month of the table beneath."""

    key: str
    label: str
    values: dict[str, str]
    opens: dict[str, Link] = field(default_factory=dict)


def chosen(organization: Organization, parameters: QueryDict, months: Months) -> Selection:
    """Read the address of the view: unless it says otherwise, of the last month that has ended."""
    selection = select(organization, parameters, months, converts=True)
    ended = shift(selection.present, -1)
    if parameters.get("month") or ended < selection.first:
        return selection
    return replace(selection, month=ended)


def year_of(shown: Shown, months: Months, selection: Selection) -> Months | Reported:
    """Return the months to read the view from, in the reporting currency where it asks for one."""
    if not selection.reporting:
        return months
    wanted = last_months(selection.month, YEAR + 1)
    constant = selection.constant
    return reported(shown.organization_id, months, selection.currency, wanted, constant=constant)


def investor_view(
    shown: Shown, history: Months | Reported, selection: Selection, opening: Opening | None
) -> dict[str, Any]:
    """Return the view of a month; without `opening` no number opens. MissingRateError where a rate lacks."""
    read = history.last(YEAR + 1, selection.currency, until=selection.month)
    known = [month for month in read[1:] if month.month >= selection.first]
    month, year_ago = read[-1], read[0] if read[0].month >= selection.first else None
    return {
        "selection": selection,
        "on": min(shift(month.month, 1) - timedelta(days=1), shown.today),
        "headlines": [
            _run_rate(month, opening),
            _trailing(known, month, opening),
            _contracted(month, selection, opening),
            _retention(month, opening),
            _growth(month, opening),
            _yearly(month, year_ago, opening),
            _customers(month, opening),
        ],
        "lines": [_line(one, opening) for one in reversed(known)],
        "definition_version": shown.definition.version,
        "through": shown.freshness.data_through,
        "time_zone": shown.definition.time_zone,
    }


def _run_rate(month: Month, opening: Opening | None) -> Headline:
    ending = opening.ending(month) if opening else None
    mrr = Part(str(TERMS["mrr"].label), str(money(month.ending_micro, month.currency)), ending)
    return Headline(
        "arr",
        money(waterfall(month).arr, month.currency),
        TERMS["arr"],
        [mrr],
        opening.ending(month, figure="arr") if opening else None,
    )


def _trailing(known: Sequence[Month], month: Month, opening: Opening | None) -> Headline:
    total = trailing_twelve_month([one.ending_micro for one in known])
    words = ngettext("the %(count)d month-end since the first", "%(count)d month-ends below", len(known))
    arr = opening.ending(month, figure="arr") if opening else None
    run_rate = Part(_("Run rate beside it"), str(money(waterfall(month).arr, month.currency)), arr)
    parts = [Part(_("Sum of"), words % {"count": len(known)}), run_rate]
    value, term = money(total, month.currency), TERMS["trailing_twelve_month"]
    if len(known) == YEAR:
        return Headline("trailing_twelve_month", value, term, parts)
    reason = ngettext("There is %(count)d month so far.", "There are %(count)d months so far.", len(known))
    return Headline("trailing_twelve_month", value, term, parts, reason=reason % {"count": len(known)})


def _contracted(month: Month, selection: Selection, opening: Opening | None) -> Headline:
    amount, link = waterfall(month).contracted_arr, None
    if opening and not selection.reporting:
        on = opening.month_end(month.month)
        link = Link(opening.customers(on, figure="contracted_arr"), amount_micro=amount)
    return Headline("contracted_arr", money(amount, month.currency), TERMS["contracted_arr"], opens=link)


def _retention(month: Month, opening: Opening | None) -> Headline:
    rate = waterfall(month).net_revenue_retention
    parts = [
        Part(
            str(TERMS[kind].label),
            str(money(getattr(month, f"{kind}_micro"), month.currency)),
            opening.kind(month, kind) if opening else None,
        )
        for kind in RETAINED
    ]
    return _rate("net_revenue_retention", rate, [_starting(month, opening), *parts], month)


def _growth(month: Month, opening: Opening | None) -> Headline:
    flow = waterfall(month)
    rate, net = flow.mrr_growth_rate, money(flow.net_new, month.currency, signed=True)
    parts = [
        _starting(month, opening),
        Part(_("Net change"), str(net), opening.net(month) if opening else None),
    ]
    found = _rate("mrr_growth_rate", rate, parts, month, signed=True)
    if opening is None or rate is None:
        return found
    return replace(found, opens=opening.rate(month, "mrr_growth_rate", rate))


def _yearly(month: Month, year_ago: Month | None, opening: Opening | None) -> Headline:
    term = TERMS["yearly_growth_rate"]
    then = shift(month.month, -YEAR)
    rate = change(year_ago.ending_micro, month.ending_micro) if year_ago else None
    if year_ago is None or rate is None:
        reason = _("There was no revenue in %(month)s.") % {"month": dates.month(then)}
        return Headline("yearly_growth_rate", DASH, term, reason=reason)
    parts = [
        Part(
            _("ARR in %(month)s") % {"month": dates.short_month(one.month)},
            str(money(waterfall(one).arr, one.currency)),
            opening.ending(one, figure="arr") if opening else None,
        )
        for one in (year_ago, month)
    ]
    return Headline("yearly_growth_rate", percent(rate, signed=True), term, parts)


def _customers(month: Month, opening: Opening | None) -> Headline:
    link = opening.holders(month) if opening else None
    return Headline("customers", number(month.customers_end), TERMS["customers"], opens=link)


def _starting(month: Month, opening: Opening | None) -> Part:
    text = str(money(month.starting_micro, month.currency))
    return Part(_("MRR at the start"), text, opening.starting(month) if opening else None)


def _rate(name: str, rate: Rate, parts: Sequence[Part], month: Month, *, signed: bool = False) -> Headline:
    if rate is None:
        reason = _("There was no revenue before %(month)s.") % {"month": dates.month(month.month)}
        return Headline(name, DASH, TERMS[name], reason=reason)
    return Headline(name, percent(rate, signed=signed), TERMS[name], parts)


def _line(month: Month, opening: Opening | None) -> Line:
    flow, currency = waterfall(month), month.currency
    values = {
        "mrr": str(money(flow.ending, currency)),
        "arr": str(money(flow.arr, currency)),
        "net": str(money(flow.net_new, currency, signed=True)),
        "growth": percent(flow.mrr_growth_rate, signed=True),
        "retention": percent(flow.net_revenue_retention),
        "customers": number(month.customers_end),
    }
    opens = opening.row(month, flow.mrr_growth_rate) | {"net": opening.net(month)} if opening else {}
    return Line(f"{month.month:%Y-%m}", dates.short_month(month.month), values, opens)
