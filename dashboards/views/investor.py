"""The investor view: for members, and for whoever holds a link that is in force."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from accounts.models import Organization, Role
from dashboards import sharing
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.investor import chosen, investor_view, year_of
from dashboards.models import ShareLink
from dashboards.opening import opening_of
from dashboards.selection import AddressError, choices
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.exchange.quotes import MissingRateError

# Nothing on the way may keep the page, find it again, or tell another site where its reader came from.
GUARDED = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@require_safe
@conditional
def investor(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show a month as an investor sees it; here every number opens."""
    organization = request.organization
    try:
        context = _numbers(organization, request.GET, slug)
    except AddressError as error:
        return address_error(request, error)
    context |= {
        "section": "dashboard",
        "organization": organization,
        "may_share": Role(request.membership.role).covers(Role.ADMIN),
    }
    return render_page(request, "investor/investor.html", context)


@require_safe
def shared(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the view to whoever holds a link; every link that opens nothing is told the same."""
    link = sharing.enter(secret)
    if link is None:
        return _guarded(render(request, "investor/closed.html", status=404))
    if request.method == "GET":
        sharing.opened(link)
    try:
        context = _numbers(link.organization, _asked(link), "")
    except AddressError:
        # Its currency has no revenue any more, nor ever had.
        context = {}
    context |= {"organization": link.organization, "expires_at": link.expires_at}
    return _guarded(render(request, "investor/shared.html", context))


def _asked(link: ShareLink) -> QueryDict:
    """Return the address of what a link shows."""
    return QueryDict(f"{'in' if link.converted else 'currency'}={link.currency}")


def _numbers(organization: Organization, parameters: QueryDict, slug: str) -> dict[str, Any]:
    """Return what the view shows, with the rows that numbers open where there is a `slug`."""
    shown = queries.shown(organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return {"freshness": shown.freshness}
    selection = chosen(organization, parameters, months)
    opening = opening_of(slug, selection, shown.today) if slug else None
    told = {
        "selection": selection,
        "freshness": shown.freshness,
        "choices": choices(selection, months.currencies(), converts=True),
    }
    try:
        return told | investor_view(shown, year_of(shown, months, selection), selection, opening)
    except MissingRateError as error:
        return told | {"missing_rate": str(error) if slug else _("An exchange rate is missing.")}


def _guarded(response: HttpResponse) -> HttpResponse:
    for name, value in GUARDED.items():
        response[name] = value
    return response
