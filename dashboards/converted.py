"""One converted figure as a page: the currencies that it is made of, each with its rate and its rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from dashboards.customer_rows import LABELS as BALANCES
from dashboards.formatting import Money, money, percent
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.opening import Opening, opening_of
from dashboards.reporting import RateCell, rate_cell
from dashboards.selection import AddressError, Selection, select
from dashboards.snapshot import MOVEMENTS
from metrics import queries
from metrics.evidence.record import plan_name
from metrics.exchange.converting import Reported
from metrics.exchange.origins import FIGURES, LOST, Origin, origins
from metrics.exchange.plans import reported_plans
from metrics.exchange.storing import reported
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import parse_month
from metrics.queries import PlanShare, Shown

# What each rate divides by the MRR at the month's start.
DIVIDED = {"mrr_growth_rate": "net_new", "revenue_churn_rate": "churn"}
SIGNED = (*MOVEMENTS, "net_new", "currency")
KNOWN = (*FIGURES, *DIVIDED, "customers", "plan")
LABELS: "Mapping[str, str | Promise]" = {
    **{name: term.label for name, term in TERMS.items()},
    **BALANCES,
    "starting": gettext_lazy("MRR at the start"),
    "currency": gettext_lazy("What exchange rates moved"),
    "customers": gettext_lazy("Customers"),
    "mrr_growth_rate": gettext_lazy("MRR growth"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figure of which month, in which currency and by whose rates."""

    slug: str
    selection: Selection
    figure: str
    rates: str
    plan: str
    of: str


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """One currency: its own amount and where that opens, the rates, and what it comes to."""

    code: str
    amount: Money
    opens: Link
    rates: list[RateCell]
    converted: Money
    converted_micro: int


def asked(organization: Organization, parameters: QueryDict, months: Months) -> Asked:
    """Read the address of a converted figure; AddressError says what is wrong."""
    rates = parameters.get("rates", "")
    held = select(organization, _only(parameters, month=rates), months, converts=True)
    month = parameters.get("month", "")
    selection = select(organization, _only(parameters, month=month), months, converts=True)
    figure = parameters.get("figure", "mrr")
    if not selection.reporting:
        raise AddressError(_("Name the currency in which the figure is shown, such as in=eur."), 400)
    if figure not in KNOWN:
        raise AddressError(_("figure is one of %(known)s.") % {"known": ", ".join(KNOWN)}, 400)
    rates = f"{held.month:%Y-%m}" if rates else ""
    return Asked(
        organization.slug, selection, figure, rates, parameters.get("plan", ""), parameters.get("of", "")
    )


def _only(parameters: QueryDict, month: str) -> QueryDict:
    kept = parameters.copy()
    for name in [each for each in kept if each != "in"]:
        kept.pop(name)
    kept["month"] = month
    return kept


def converted_page(shown: Shown, months: Months, wanted: Asked) -> dict[str, Any]:
    """Return what the page of a converted figure shows; MissingRateError where a rate lacks."""
    selection, slug = wanted.selection, wanted.slug
    month = parse_month(wanted.rates) if wanted.rates else selection.month
    history = reported(
        shown.organization_id, months, selection.currency, [month], constant=bool(wanted.rates)
    )
    there = _at(wanted).url()
    page = {
        "heading": LABELS.get(wanted.figure, ""),
        "month": selection.month,
        "to": selection.currency.upper(),
        "constant": parse_month(wanted.rates) if wanted.rates else None,
        "back": f"{reverse('dashboard', args=[slug])}{there}",
    }
    if wanted.figure == "customers":
        return page | _customers(shown, history, wanted)
    if wanted.figure == "plan":
        return page | _plan(shown, history, wanted)
    return page | _amounts(shown, history, wanted)


def _amounts(shown: Shown, history: Reported, wanted: Asked) -> dict[str, Any]:
    month = wanted.selection.month
    figure = DIVIDED.get(wanted.figure, wanted.figure)
    parts, total = origins(history, month, figure)
    rows = [_row(shown, wanted, figure, one) for one in parts]
    page = _page(wanted, rows, total, signed=figure in SIGNED) | {"exported": _exported(wanted)}
    if wanted.figure not in DIVIDED:
        return page
    (whole,) = history.last(1, history.exchange.to, until=month)
    rate = getattr(waterfall(whole), wanted.figure)
    opening = opening_of(wanted.slug, _at(wanted), shown.today)
    return page | {
        "rate": percent(rate),
        "part": money(abs(total), wanted.selection.currency),
        "whole": money(whole.starting_micro, wanted.selection.currency),
        "opens": replace(opening.starting(whole), rate=rate),
    }


def _exported(wanted: Asked) -> dict[str, str]:
    """Return what makes a file of the same amounts; nothing at the rates of another month."""
    month = f"{wanted.selection.month:%Y-%m}"
    if wanted.rates not in ("", month):
        return {}
    return {"in": wanted.selection.currency, "month": month} | ({"constant": "1"} if wanted.rates else {})


def _row(shown: Shown, wanted: Asked, figure: str, one: Origin) -> CurrencyRow:
    code = one.own.currency
    return CurrencyRow(
        code.upper(),
        money(one.amount_micro, code, signed=figure in SIGNED),
        _opened(Opening(wanted.slug, code, shown.today), one.own, figure),
        [rate_cell(rate) for rate in (one.opening, one.closing) if rate],
        money(one.converted_micro, wanted.selection.currency, signed=figure in SIGNED),
        one.converted_micro,
    )


def _opened(opening: Opening, own: Month, figure: str) -> Link:
    """Return where a currency's own amount opens."""
    if figure == "starting":
        return opening.starting(own)
    if figure == "net_new":
        return opening.net(own)
    if figure in MOVEMENTS:
        return opening.kind(own, figure)
    return opening.ending(own, figure="arr" if figure == "arr" else "mrr")


def _customers(shown: Shown, history: Reported, wanted: Asked) -> dict[str, Any]:
    held = [own for own in history.parts(wanted.selection.month) if own.customers_end]
    rows = [
        (own.currency.upper(), Opening(wanted.slug, own.currency, shown.today).holders(own)) for own in held
    ]
    return {"counts": rows, "count": sum(own.customers_end for own in held)}


def _plan(shown: Shown, history: Reported, wanted: Asked) -> dict[str, Any]:
    """Return the one currency of a plan: what it comes to is its part of the month's MRR."""
    month = wanted.selection.month
    (whole,) = history.last(1, history.exchange.to, until=month)
    plans = queries.plan_mix(shown.organization_id, None, month)
    own, part = (_one(found, wanted) for found in (plans, reported_plans(plans, whole, history.exchange)))
    opening = Opening(wanted.slug, own.currency, shown.today)
    used = history.exchange.closing(own.currency, month) if own.mrr_micro else None
    row = CurrencyRow(
        own.currency.upper(),
        money(own.mrr_micro, own.currency),
        opening.plan(replace(whole, currency=own.currency), own),
        [rate_cell(used)] if used and used.base != used.to else [],
        money(part.mrr_micro, wanted.selection.currency),
        part.mrr_micro,
    )
    page = _page(wanted, [row], part.mrr_micro, signed=False)
    return page | {"heading": plan_name(shown.organization_id, wanted.plan)}


def _one(plans: Iterable[PlanShare], wanted: Asked) -> PlanShare:
    for plan in plans:
        if (plan.price_id, plan.currency) == (wanted.plan, wanted.of):
            return plan
    raise AddressError(_("No such plan had MRR at the end of this month."), 404)


def _page(wanted: Asked, rows: list[CurrencyRow], total: int, *, signed: bool) -> dict[str, Any]:
    shown = abs(total) if wanted.figure in LOST else total
    return {
        "rows": rows,
        "total": money(shown, wanted.selection.currency, signed=signed and wanted.figure not in LOST),
        "total_micro": total,
    }


def _at(wanted: Asked) -> Selection:
    """Return the selection of the page that led here."""
    if not wanted.rates:
        return wanted.selection
    return replace(wanted.selection, month=parse_month(wanted.rates), constant=True)
