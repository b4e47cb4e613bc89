"""Customers whose MRR is at risk today."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.exposure import exposure_page, exposures_of
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.exposure.reading import standing


@require_safe
def exposure(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show who is at risk and why, the largest amount first."""
    shown = queries.shown(request.organization.id)
    known = standing(shown)
    try:
        wanted = exposures_of(request.organization, request.GET, known)
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {
        "section": "exposure",
        "freshness": shown.freshness,
        **exposure_page(shown, known, wanted),
    }
    return render_page(request, "exposure/exposure.html", context)
