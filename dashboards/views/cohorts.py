"""Cohorts: who stays, and the customers of each cell."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.cohort_addresses import cohorts_of, members_of
from dashboards.cohort_files import csv_of
from dashboards.cohort_members import members_page
from dashboards.cohorts import cohorts_page
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def cohorts(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what is left of each group of customers, month after month."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "analysis", "freshness": shown.freshness}
    if months.currencies():
        try:
            context |= cohorts_page(shown, months, cohorts_of(request.organization, request.GET, months))
        except AddressError as error:
            return address_error(request, error)
    return render_page(request, "analysis/cohorts.html", context)


@require_safe
def cohort_members(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the customers of a cell."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("cohorts", slug)
    try:
        wanted = members_of(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {
        "section": "analysis",
        "freshness": shown.freshness,
        **members_page(shown, wanted),
    }
    return render_page(request, "analysis/cohort_members.html", context)


@require_safe
def cohorts_csv(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Give the cells as a file, exact to the micro unit."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("cohorts", slug)
    try:
        wanted = cohorts_of(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    response = HttpResponse(csv_of(shown, wanted), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="cohorts-{wanted.by}-{wanted.currency}.csv"'
    return response
