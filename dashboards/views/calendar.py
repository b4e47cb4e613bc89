"""What is already decided for the days ahead, and committed MRR."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.calendar import calendar_page, calendars_of
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.selection import AddressError, select
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def calendar(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what moves MRR, or puts it at risk, on the days ahead."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "analysis", "freshness": shown.freshness}
    if not months.currencies():
        return render_page(request, "analysis/calendar.html", context)
    try:
        selection = select(request.organization, request.GET, months)
        wanted = calendars_of(slug, selection, request.GET, shown.today)
    except AddressError as error:
        return address_error(request, error)
    page = calendar_page(shown, wanted, months.currencies())
    return render_page(request, "analysis/calendar.html", context | page)
