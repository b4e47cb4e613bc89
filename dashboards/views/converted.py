"""A figure of converted amounts, opened into the currencies that it is made of."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.converted import asked, converted_page
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.exchange.quotes import MissingRateError


@require_safe
def converted(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what each currency adds to a converted figure, at which rate; each amount opens its own rows."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("dashboard", slug)
    try:
        page = converted_page(shown, months, asked(request.organization, request.GET, months))
    except AddressError as error:
        return address_error(request, error)
    except MissingRateError as error:
        return address_error(request, AddressError(str(error), 404))
    context = {"section": "dashboard", "freshness": shown.freshness, **page}
    return render_page(request, "converted/converted.html", context)
