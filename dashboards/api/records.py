"""What was said and published: alerts, restatements, closed months, rates; and what a token opens."""

from functools import cache, partial
from typing import Any

from django.utils.translation import gettext as _
from ninja import Query, Router

from billing_sync.models import Connection
from dashboards.api import cursors, schemas
from dashboards.api.entering import ApiRequest, Bearer
from dashboards.api.listing import listed
from dashboards.api.parameters import AlertsOf, ListedLarge, RatesOf
from dashboards.api.problems import Problem
from dashboards.api.reading import meta, reads
from dashboards.api.tokens import CUSTOMERS, METRICS
from metrics.alerts import versions
from metrics.alerts.models import Alert
from metrics.definitions import of_version
from metrics.exchange.models import ExchangeRate
from metrics.model import model, waterfall
from metrics.restating import closings
from metrics.restating.models import ClosedMonth, Restatement

router = Router(tags=["Records"], auth=Bearer(METRICS))
FIRED_BY = {"fired_on": cursors.day, "id": cursors.uuid}
RESTATED_BY = {"at": cursors.moment, "id": cursors.uuid}
CLOSED_BY = {"month": cursors.day, "currency": cursors.word}
QUOTED_BY = {"base": cursors.word, "quote": cursors.word, "on": cursors.day}


@router.get("/alerts", response=schemas.Page[schemas.Alert], url_name="api_alerts")
@reads
def alerts(request: ApiRequest, wanted: Query[AlertsOf]) -> dict[str, Any]:
    """Return the alerts that fired, oldest first, each until the day it cleared."""
    rows = Alert.objects.filter(organization_id=request.auth.organization.id)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    if wanted.firing is not None:
        rows = rows.filter(recovered_on__isnull=wanted.firing)
    evidence = request.auth.has(CUSTOMERS)

    def line(row: Alert) -> dict[str, Any]:
        return {
            "id": row.id,
            "rule": row.rule,
            "currency": row.currency,
            "fired_on": row.fired_on,
            "recovered_on": row.recovered_on,
            "value": row.value,
            "threshold": row.threshold,
            "rules_version": row.rules_version,
            **({"evidence": row.evidence} if evidence else {}),
        }

    return listed(request, rows, FIRED_BY, wanted, line)


@router.get("/restatements", response=schemas.Page[schemas.Restatement], url_name="api_restatements")
@reads
def restatements(request: ApiRequest, wanted: Query[ListedLarge]) -> dict[str, Any]:
    """Return every change of published numbers, oldest first, with each figure before and after."""
    rows = Restatement.objects.filter(organization_id=request.auth.organization.id)
    objects = request.auth.has(CUSTOMERS)

    def line(row: Restatement) -> dict[str, Any]:
        return {
            "id": row.id,
            "at": row.at,
            "cause": row.cause,
            "definition_version": row.definition_version,
            "detail": row.detail,
            "changes": row.changes,
            **({"objects": row.objects_named} if objects else {}),
        }

    return listed(request, rows, RESTATED_BY, wanted, line)


@router.get("/closed-months", response=schemas.Page[schemas.ClosedMonth], url_name="api_closed_months")
@reads
def closed_months(request: ApiRequest, wanted: Query[ListedLarge]) -> dict[str, Any]:
    """Return the closed months of each currency, as published and as they stand by now."""
    organization_id = request.auth.organization.id
    rows = ClosedMonth.objects.filter(organization_id=organization_id)
    definition = cache(partial(of_version, organization_id))
    rules = cache(partial(versions.of_version, organization_id))

    def line(row: ClosedMonth) -> dict[str, Any]:
        held, period = closings.published(row), row.figures["period"]
        alerts = rules(row.figures["alerts_version"])
        now = definition(row.restated["definition_version"])
        return {
            "month": f"{row.month:%Y-%m}",
            "currency": row.currency,
            "closed_at": row.closed_at,
            "published": model(waterfall(held.before), definition(row.definition_version), alerts, period),
            "restated": model(waterfall(held.after), now, alerts, period),
        }

    return listed(request, rows, CLOSED_BY, wanted, line)


@router.get("/exchange-rates", response=schemas.Page[schemas.ExchangeRate], url_name="api_exchange_rates")
@reads
def exchange_rates(request: ApiRequest, wanted: Query[RatesOf]) -> dict[str, Any]:
    """Return the stored rates of exchange by pair and day."""
    if wanted.start > wanted.end:
        raise Problem(400, _("`from` lies after `to`."))
    chosen = {"base": wanted.base, "quote": wanted.quote}
    rows = ExchangeRate.objects.filter(organization_id=request.auth.organization.id)
    rows = rows.filter(on__gte=wanted.start, on__lt=wanted.end)
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    return listed(request, rows, QUOTED_BY, wanted, _quote)


@router.get("/token", response=schemas.Answer[schemas.Token], url_name="api_token", auth=Bearer())
@reads
def token(request: ApiRequest) -> dict[str, Any]:
    """Return what the token opens: the organization, its Stripe accounts, the scopes."""
    organization, held = request.auth.organization, request.auth.token
    accounts = Connection.objects.filter(organization_id=organization.id).order_by("id")
    told = {
        "organization": organization.slug,
        "time_zone": request.shown.definition.time_zone,
        "currency": organization.currency.lower(),
        "scopes": held.scopes,
        "expires_at": held.expires_at,
        "connections": [_account(row, row.id in request.shown.connection_ids) for row in accounts],
    }
    return {"data": told, "meta": meta(request.shown)}


def _account(row: Connection, summed: bool) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "livemode": row.livemode, "summed": summed}


def _quote(row: ExchangeRate) -> dict[str, Any]:
    return {"base": row.base, "quote": row.quote, "on": row.on, "rate": row.rate, "source": row.source}
