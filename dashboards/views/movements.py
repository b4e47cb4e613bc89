"""The movements behind a sum: of a month or of days, of one kind, plan or rate."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.addresses import movements_of
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.movement_rows import movement_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries


@require_safe
@conditional
def movements(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the movements that an address chooses, and what they come to."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("dashboard", slug)
    try:
        wanted = movements_of(request.organization, request.GET, months, shown)
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {
        "section": "movements",
        "freshness": shown.freshness,
        **movement_page(shown, months, wanted, slug),
    }
    return render_page(request, "movements/movements.html", context)
