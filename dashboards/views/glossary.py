"""The glossary: every term, worked on the organization's own numbers."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.glossary_page import bare_page, glossary_page
from dashboards.selection import AddressError, select
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def glossary(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the terms with the numbers of a month, by default the present one."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {
        "section": "analysis",
        "freshness": shown.freshness,
        "version": shown.definition.version,
    }
    if months.currencies():
        try:
            selection = select(request.organization, request.GET, months)
        except AddressError as error:
            return address_error(request, error)
        context |= glossary_page(shown, months, selection, slug)
    else:
        context |= bare_page(shown, slug)
    return render_page(request, "analysis/glossary.html", context)
