"""The definition: its settings, its versions, and what other settings would make of the numbers."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.fragments import render_page


@require_safe
def definition(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show every setting in force with its meaning, and the versions before."""
    return render_page(request, "definition/definition.html", {"section": "audit"})
