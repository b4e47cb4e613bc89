"""Payments: what failed and came in after all, what was given back, and why customers left."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.fragments import render_page
from dashboards.payment_rows import HEADINGS, rows_page
from dashboards.payments import payments_page
from dashboards.selection import AddressError, choices, select
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.payments import sums


@require_safe
def payments(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show a month's payments beside its MRR."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "payments", "freshness": shown.freshness}
    if not months.currencies() or not sums.counted(shown):
        return render_page(request, "payments/payments.html", context)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return address_error(request, error)
    context |= {
        "selection": selection,
        "choices": choices(selection, months.currencies()),
        **payments_page(shown, months, selection, slug),
    }
    return render_page(request, "payments/payments.html", context)


@require_safe
def payment_rows(request: OrganizationRequest, slug: str, name: str) -> HttpResponse:
    """Show the rows behind one number of a month's payments."""
    if name not in HEADINGS:
        raise Http404("No such list.")
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("payments", slug)
    try:
        selection = select(request.organization, request.GET, months)
        context = rows_page(shown, selection, name, request.GET, slug)
    except AddressError as error:
        return address_error(request, error)
    told: dict[str, Any] = {"section": "payments", "freshness": shown.freshness, **context}
    return render_page(request, "payments/rows.html", told)
