"""MRR carried on from what moved it lately, and what an organization assumes instead."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards.conditional import Also, conditional_on
from dashboards.forecast import forecast_page, form_of
from dashboards.forecast_forms import AssumptionsForm
from dashboards.fragments import render_page
from dashboards.opening import Opening
from dashboards.selection import AddressError, Selection, choices, select
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.forecasting.assumptions import assume, held, reset
from metrics.forecasting.loading import history
from metrics.months import Months
from metrics.queries import Shown

ASSUMED = Also(
    """(SELECT concat(count(*), ' ', max(changed_at)) FROM metrics_forecastassumptions
        WHERE organization_id = %(organization)s)"""
)


@require_safe
@conditional_on(ASSUMED)
def forecast(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show where MRR goes if the months ahead are like the last."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        context = {"section": "analysis", "freshness": shown.freshness}
        return render_page(request, "analysis/forecast.html", context)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    return _page(request, shown, months, selection)


@require_POST
@requires(Role.ADMIN)
def forecast_assumptions(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Keep what the organization assumes in a currency."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("forecast", slug)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    currency, organization_id = selection.currency, request.organization.id
    form = form_of(history(months, currency), currency, held(organization_id, currency), request.POST)
    if form is None:
        return redirect(_address(slug, currency))
    if not form.is_valid():
        return _page(request, shown, months, selection, form)
    assume(organization_id, currency, form.values(), by=request.user)
    messages.success(request, _("Saved."))
    return redirect(_address(slug, currency))


@require_POST
@requires(Role.ADMIN)
def forecast_averages(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Take the averages of a currency again instead of what was assumed."""
    months = queries.all_months(queries.shown(request.organization.id))
    if not months.currencies():
        return redirect("forecast", slug)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    reset(request.organization.id, selection.currency, by=request.user)
    messages.success(request, _("The averages hold again."))
    return redirect(_address(slug, selection.currency))


def _page(
    request: OrganizationRequest,
    shown: Shown,
    months: Months,
    selection: Selection,
    form: AssumptionsForm | None = None,
) -> HttpResponse:
    currency, slug = selection.currency, request.organization.slug
    found = held(request.organization.id, currency)
    context: dict[str, Any] = {
        "section": "analysis",
        "freshness": shown.freshness,
        "may_assume": Role(request.membership.role).covers(Role.ADMIN),
        "query": urlencode({"currency": currency}),
        "currencies": choices(selection, months.currencies()).currencies,
        **forecast_page(history(months, currency), Opening(slug, currency, shown.today), found, form),
    }
    return render_page(request, "analysis/forecast.html", context, status=400 if form else 200)


def _address(slug: str, currency: str) -> str:
    return f"{reverse('forecast', args=[slug])}?{urlencode({'currency': currency})}"
