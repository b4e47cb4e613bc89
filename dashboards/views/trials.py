"""Trials: what became of them, and those of one month or state."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.conditional import conditional
from dashboards.fragments import render_page
from dashboards.selection import AddressError
from dashboards.trials import trial_rows_page, trials_of, trials_page
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.trials.reading import currencies


@require_safe
@conditional
def trials(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show how many trials become paying, by the month in which they began."""
    shown = queries.shown(request.organization.id)
    known = currencies(shown)
    try:
        wanted = trials_of(request.organization, request.GET, known)
    except AddressError as error:
        return address_error(request, error)
    context: dict[str, Any] = {"section": "analysis", "freshness": shown.freshness, "known": known}
    if known:
        context |= trials_page(shown, known, wanted)
    return render_page(request, "analysis/trials.html", context)


@require_safe
def trial_rows(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the trials of a month, of a state, or of both."""
    shown = queries.shown(request.organization.id)
    try:
        wanted = trials_of(request.organization, request.GET, currencies(shown))
    except AddressError as error:
        return address_error(request, error)
    context = {"section": "analysis", "freshness": shown.freshness, **trial_rows_page(shown, wanted)}
    return render_page(request, "analysis/trial_rows.html", context)
