"""Customers: who holds a balance at a day's end, and one customer's whole story."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from accounts.models import Role
from dashboards.addresses import Customers, customers_of
from dashboards.buckets import SIZES, spans
from dashboards.conditional import conditional_on
from dashboards.customer_filters import is_listed, listed_of
from dashboards.customer_list import list_page
from dashboards.customer_page import customer_page, known_customer
from dashboards.customer_papers import PAPERS
from dashboards.customer_rows import balance_page
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.exchange.quotes import MissingRateError
from metrics.months import Months
from metrics.queries import Shown


@require_safe
@conditional_on(SIZES)
def customers(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the customers who hold a balance at the end of a day, the largest first."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("dashboard", slug)
    context: dict[str, Any] = {"section": "customers", "freshness": shown.freshness}
    try:
        wanted = customers_of(request.organization, request.GET, months, shown)
        if is_listed(shown, months, wanted, request.GET):
            context |= _listed(request, shown, months, wanted)
            return render_page(request, "customers/list.html", context)
        context |= balance_page(shown, wanted, slug)
    except AddressError as error:
        return address_error(request, error)
    return render_page(request, "customers/customers.html", context)


def _listed(request: OrganizationRequest, shown: Shown, months: Months, wanted: Customers) -> dict[str, Any]:
    """Return who holds MRR now, with sizes where a rate tells them in the currency."""
    organization, currency = request.organization, wanted.balance.currency
    try:
        sizes = spans(request, shown, currency)
    except MissingRateError:
        sizes = None
    listed = listed_of(request.GET, currency, sizes)
    admin = Role(request.membership.role).covers(Role.ADMIN)
    return {"may_set_sizes": admin, **list_page(shown, organization, months, listed, sizes)}


@require_safe
@conditional_on(PAPERS)
def customer(request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str) -> HttpResponse:
    """Show one customer: what moved the MRR and when, what it consists of, what was paid and written."""
    known = known_customer(request, connection_id, customer_id)
    try:
        return customer_page(request, known)
    except AddressError as error:
        return address_error(request, error)
