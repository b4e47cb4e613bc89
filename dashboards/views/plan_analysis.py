"""Plans: what each is worth, what moved it, and who went from one to another."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.plan_addresses import plans_of_address, rows_of
from dashboards.plan_analysis import plans_page
from dashboards.plan_rows import plan_rows_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def plans(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show a month's plans, intervals or currencies."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "analysis", "freshness": shown.freshness}
    if months.currencies():
        try:
            wanted = plans_of_address(request.organization, request.GET, months)
        except AddressError as error:
            return address_error(request, error)
        context |= plans_page(shown, months, wanted)
    return render_page(request, "analysis/plans.html", context)


@require_safe
def plan_rows(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the customers behind one figure of a plan."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("plans", slug)
    try:
        asked = rows_of(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    context = {"section": "analysis", "freshness": shown.freshness, **plan_rows_page(shown, asked)}
    return render_page(request, "analysis/plan_rows.html", context)
