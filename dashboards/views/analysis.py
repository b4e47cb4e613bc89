"""The way to the pages of the analysis."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.analyses import ANALYSES
from dashboards.fragments import render_page
from metrics import queries


@require_safe
def analysis(request: OrganizationRequest, slug: str) -> HttpResponse:
    """List the pages, each with what it answers."""
    freshness = queries.freshness(request.organization.id)
    context = {"section": "analysis", "freshness": freshness, "analyses": ANALYSES}
    return render_page(request, "analysis/analysis.html", context)
