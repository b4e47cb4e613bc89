"""Figures of months: the JSON model of the commands, plans, and the definitions that made them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from ninja import Query, Router

from accounts.currencies import CODES
from dashboards.api import cursors, schemas
from dashboards.api.entering import ApiRequest, Bearer
from dashboards.api.listing import listed, listed_here
from dashboards.api.parameters import ListedLarge, MetricsOf, PlansOf
from dashboards.api.problems import Problem
from dashboards.api.reading import meta, reads
from dashboards.api.tokens import METRICS
from metrics import queries
from metrics.definitions import of_settings
from metrics.exchange.converting import told
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.storing import reported
from metrics.model import recurring_revenue
from metrics.models import Definition
from metrics.months import Months
from metrics.periods import last_months, month_of
from metrics.queries import PlanShare
from metrics.settings import settings

router = Router(tags=["Figures"], auth=Bearer(METRICS))
PLAN_KEY = {"currency": cursors.word, "price_id": cursors.word}


@router.get("/metrics", response=schemas.Several[schemas.MonthModel], url_name="api_metrics")
@reads
def metrics(request: ApiRequest, wanted: Query[MetricsOf]) -> dict[str, Any]:
    """Return the recurring revenue of a month or of several, oldest first."""
    if wanted.constant and not wanted.to:
        raise Problem(400, _("constant=true goes with in=…: it says how currencies are converted."))
    if wanted.to and wanted.currency:
        raise Problem(400, _("currency selects rows and in converts all of them: give one of the two."))
    months = queries.all_months(request.shown)
    chosen = last_months(_begun(request, wanted.month), wanted.months)
    if wanted.to:
        return {"data": _converted(request, months, chosen, wanted), "meta": meta(request.shown)}
    currency = _currency(request, months, wanted.currency)
    rows = months.last(wanted.months, currency, until=chosen[-1])
    return {"data": recurring_revenue(request.auth.organization.id, rows), "meta": meta(request.shown)}


@router.get("/plans", response=schemas.Page[schemas.Plan], url_name="api_plans")
@reads
def plans(request: ApiRequest, wanted: Query[PlansOf]) -> dict[str, Any]:
    """Return the MRR of each plan at the end of a month; they sum to its MRR."""
    month = _begun(request, wanted.month)
    found = queries.plan_mix(request.auth.organization.id, wanted.currency or None, month)
    return listed_here(request, found, PLAN_KEY, wanted, _plan)


@router.get("/definition", response=schemas.Answer[schemas.DefinitionInUse], url_name="api_definition")
@reads
def definition(request: ApiRequest) -> dict[str, Any]:
    """Return the definition that made the numbers on show, and the thresholds of the alerts."""
    shown = request.shown
    rules = {"version": shown.alerts_version, "settings": asdict(shown.alerts)}
    told = {"version": shown.definition.version, "settings": settings(shown.definition)}
    return {"data": {**told, "alert_rules": rules}, "meta": meta(shown)}


@router.get("/definitions", response=schemas.Page[schemas.Definition], url_name="api_definitions")
@reads
def definitions(request: ApiRequest, wanted: Query[ListedLarge]) -> dict[str, Any]:
    """Return every version of the definition, oldest first."""
    rows = Definition.objects.filter(organization_id=request.auth.organization.id)
    in_use = request.shown.freshness.definition_version

    def line(row: Definition) -> dict[str, Any]:
        return {
            "version": row.version,
            "in_use": row.version == in_use,
            "created_at": row.created_at,
            "settings": settings(of_settings(row.version, row.settings)),
        }

    return listed(request, rows, {"version": cursors.number}, wanted, line)


def _begun(request: ApiRequest, month: date | None) -> date:
    """Return the month that is asked for, by default the present one; Problem where it has not begun."""
    present = month_of(request.shown.today)
    if month is not None and month > present:
        words = _("The month %(month)s has not begun. The present one is %(present)s.")
        raise Problem(404, words % {"month": f"{month:%Y-%m}", "present": f"{present:%Y-%m}"})
    return month or present


def _currency(request: ApiRequest, months: Months, wanted: str) -> str:
    own, known = request.auth.organization.currency.lower(), months.currencies()
    if not wanted:
        return own or next(iter(known), "")
    if wanted not in known and wanted != own:
        words = _("There is no recurring revenue in %(code)s. There is some in: %(known)s.")
        raise Problem(404, words % {"code": wanted, "known": ", ".join(known) or "-"})
    return wanted


def _converted(
    request: ApiRequest, months: Months, chosen: Sequence[date], wanted: MetricsOf
) -> list[dict[str, Any]]:
    """Return the models in one currency, each with the rates that it took."""
    if wanted.to not in CODES:
        raise Problem(404, _("%(code)s is not a currency.") % {"code": wanted.to})
    organization_id = request.auth.organization.id
    history = reported(organization_id, months, wanted.to, chosen, constant=wanted.constant)
    try:
        rows = history.last(len(chosen), wanted.to, until=chosen[-1])
    except MissingRateError as error:
        words = _("%(lack)s An admin can upload it on the page of exchange rates, or have it fetched there.")
        raise Problem(409, words % {"lack": error}) from error
    models = recurring_revenue(organization_id, rows)
    used = [history.used([month]) for month in chosen]
    return [
        one | {"exchange": told(rates, constant=wanted.constant)}
        for one, rates in zip(models, used, strict=True)
    ]


def _plan(share: PlanShare) -> dict[str, Any]:
    return {
        "price_id": share.price_id,
        "product_id": share.product_id,
        "price_name": share.price_name,
        "product_name": share.product_name,
        "currency": share.currency,
        "mrr_micro": share.mrr_micro,
        "items": share.items,
    }
