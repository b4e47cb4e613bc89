"""The page that is opened every morning."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import organizations
from accounts.access import OrganizationRequest
from accounts.models import Role
from accounts.reading import Asked, ahead
from billing_sync import progress
from billing_sync.progress import ConnectionProgress
from dashboards.alerts import alert_row
from dashboards.comparison import comparison_asked
from dashboards.conditional import conditional_ahead
from dashboards.emphasis import emphasis_for
from dashboards.fragments import render_page
from dashboards.overview import overview
from dashboards.permissions import missing
from dashboards.reporting import history_of, plans_asked, without_rates
from dashboards.selection import AddressError, named, select
from dashboards.states import State, leading, state_of, warnings
from metrics import queries
from metrics.alerts.present import present, present_asked
from metrics.exchange.quotes import MissingRateError
from metrics.months import Months
from metrics.queries import Shown


def _first(request: OrganizationRequest) -> list[Asked]:
    """Return what the page asks whatever its address chooses."""
    key = request.organization.id
    return [*queries.shown_asked(key), progress.asked(key), organizations.asked_of(request.user)]


@transaction.non_atomic_requests
@require_safe
@conditional_ahead(_first)
def dashboard(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the numbers of a month, or what stands between the organization and them."""
    organization = request.organization
    shown, connections = queries.shown(organization.id), progress.progress(organization.id)
    fresh, months = shown.freshness, queries.all_months(shown)
    state, connection = state_of(connections, fresh, months.currencies()), leading(connections)
    context = {
        "section": "dashboard",
        "title": f"{organization.name} · Millrace",
        "state_template": state.template,
        "waiting": state.waiting,
        "connection": connection,
        "missing": missing(connection) if connection else [],
        "warnings": warnings(organization, connections, fresh),
        "freshness": fresh,
        "time_zone": shown.definition.time_zone,
        "may_connect": Role(request.membership.role).covers(Role.ADMIN),
    }
    try:
        numbers = numbers_of(request, shown, months, connections) if state is State.NUMBERS else {}
    except AddressError as error:
        return address_error(request, error)
    return render_page(request, "dashboards/dashboard.html", context | numbers)


def numbers_of(
    request: OrganizationRequest, shown: Shown, months: Months, connections: list[ConnectionProgress]
) -> dict[str, Any]:
    """Return what the page shows of the month that its address chooses."""
    organization = request.organization
    selection = select(organization, request.GET, months, converts=True)
    words = {"month": named(selection.month), "name": organization.name}
    title = _("%(month)s · %(name)s · Millrace") % words
    watched = selection.alerts_currency(months.currencies())
    asked = [plans_asked(organization.id, selection), *comparison_asked(shown, selection)]
    with ahead(*asked, *present_asked(shown, watched, connections)):
        try:
            history = history_of(organization.id, selection, months)
            numbers = overview(organization, selection, history, shown, emphasis_for(request))
        except MissingRateError as error:
            return {"title": title, **without_rates(selection, months, error)}
        alerts = alert_row(present(shown, watched, connections), shown, watched, organization.slug)
    return {"title": title, "alert_row": alerts, **numbers}


def address_error(request: OrganizationRequest, error: AddressError) -> HttpResponse:
    """Say what is wrong with an address, and offer one that works."""
    context = {"section": "dashboard", "message": str(error), "status": error.status}
    return render(request, "dashboards/address_error.html", context, status=error.status)
