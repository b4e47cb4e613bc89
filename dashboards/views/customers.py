"""Customers: who holds a balance at a day's end, and one customer's whole story."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.addresses import customers_of, day_of
from dashboards.customer_rows import customer_page
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.timeline import timeline_page
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.evidence.record import account, is_known, ledger


@require_safe
def customers(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the customers who hold a balance at the end of a day, the largest first."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("dashboard", slug)
    try:
        wanted = customers_of(request.organization, request.GET, months, shown)
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {
        "section": "dashboard",
        "freshness": shown.freshness,
        **customer_page(shown, wanted, slug),
    }
    return render_page(request, "customers/customers.html", context)


@require_safe
def customer(request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str) -> HttpResponse:
    """Show one customer: what moved the MRR and when, and every segment that it consists of."""
    shown = queries.shown(request.organization.id)
    found = account(shown, connection_id, customer_id) if customer_id.isprintable() else None
    if found is None:
        raise Http404("No such customer.")
    held = ledger(shown, connection_id, customer_id)
    if not held.segments and not is_known(shown, connection_id, customer_id):
        raise Http404("No such customer.")
    told = request.GET.get("before", "")
    try:
        before = day_of(told) if told else None
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {
        "section": "dashboard",
        "freshness": shown.freshness,
        "account": found,
        **timeline_page(shown, found, held, slug, before),
    }
    return render_page(request, "customers/customer.html", context)
