"""The page that is opened every morning."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import OrganizationRequest
from accounts.models import Role
from billing_sync.progress import progress
from dashboards.overview import overview
from dashboards.permissions import missing
from dashboards.selection import AddressError, named, select
from dashboards.states import State, leading, state_of, warnings
from metrics import definitions, queries

PAGE = "dashboards/dashboard.html"


@require_safe
@vary_on_headers("HX-Request", "HX-History-Restore-Request")
def dashboard(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the numbers of a month, or what stands between the organization and them."""
    organization = request.organization
    currencies = queries.currencies(organization.id)
    connections, fresh = progress(organization.id), queries.freshness(organization.id)
    connection, state = leading(connections), state_of(connections, fresh, currencies)
    context: dict[str, Any] = {
        "section": "dashboard",
        "title": f"{organization.name} · Millrace",
        "fragment": request.htmx and not request.htmx.history_restore_request,
        "state_template": state.template,
        "waiting": state.waiting,
        "connection": connection,
        "missing": missing(connection) if connection else [],
        "freshness": fresh,
        "time_zone": definitions.latest(organization.id).time_zone,
        "may_connect": Role(request.membership.role).covers(Role.ADMIN),
    }
    if state is State.NUMBERS:
        try:
            selection = select(organization.id, request.GET, currencies)
        except AddressError as error:
            return address_error(request, error)
        context |= overview(organization.id, selection, currencies)
        context["warnings"] = warnings(organization, connections, fresh)
        context["title"] = _("%(month)s · %(name)s · Millrace") % {
            "month": named(selection.month),
            "name": organization.name,
        }
    return render(request, f"{PAGE}#content" if context["fragment"] else PAGE, context)


def address_error(request: OrganizationRequest, error: AddressError) -> HttpResponse:
    """Say what is wrong with an address, and offer one that works."""
    context = {"section": "dashboard", "message": str(error), "status": error.status}
    return render(request, "dashboards/address_error.html", context, status=error.status)
