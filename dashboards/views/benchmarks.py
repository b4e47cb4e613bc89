"""Bands and benchmarks: growth, churn and retention beside what surveys publish."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.benchmarks import benchmarks_page
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.selection import AddressError, select
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def benchmarks(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the figures of the months that have ended beside bands and published tables."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "analysis", "freshness": shown.freshness}
    if months.currencies():
        try:
            selection = select(request.organization, request.GET, months)
        except AddressError as error:
            return address_error(request, error)
        context |= benchmarks_page(shown, months, selection, slug)
    return render_page(request, "analysis/benchmarks.html", context)
