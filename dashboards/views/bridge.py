"""The bridge: what other tools make of the same subscriptions, and the rows of each step."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import jobs
from accounts.access import OrganizationRequest
from dashboards import bridge as drawing
from dashboards.formatting import money
from dashboards.fragments import render_page
from dashboards.places import Places, inside
from dashboards.selection import AddressError, choices, select
from metrics import queries
from metrics.bridge import comparing, reading
from metrics.bridge.comparing import Place
from metrics.bridge.rules import LABELS, WALK
from metrics.bridge.vendors import VENDORS

TOOLS = list(VENDORS)


@require_safe
def bridge(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show a month's MRR under four tools' rules, and the walk to each."""
    organization = request.organization
    shown = queries.shown(organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {"section": "audit", "books": drawing.books()}
    if not months.currencies():
        return render_page(request, "bridge/bridge.html", context)
    try:
        selection = select(organization, request.GET, months)
    except AddressError as error:
        return refused(request, str(error), error.status)
    where = comparing.place(shown, selection.month, selection.currency)
    context |= {"selection": selection, "choices": choices(selection, months.currencies())}
    if where is not None:
        context |= _compared(slug, where)
    return render_page(request, "bridge/bridge.html", context)


def _compared(slug: str, where: Place) -> dict[str, Any]:
    """Return the walk as it is kept; compute it now where that is quick, else in the background."""
    found = comparing.kept(where, TOOLS)
    current = comparing.current(where, found, TOOLS)
    if not current and comparing.is_small(where):
        comparing.compare(where)
        found, current = comparing.kept(where, TOOLS), True
    context: dict[str, Any] = {"computing": not current}
    if len(found) == len(TOOLS):
        context |= {"walk": drawing.walk_table(slug, where, found), "at": found["stripe"].computed_at}
    if not current:
        jobs.enqueue(where.organization_id, "compare_tools", where.name)
    return context


@require_safe
def bridge_step(request: OrganizationRequest, slug: str, vendor: str, step: str) -> HttpResponse:
    """Show the subscriptions that one rule of one tool moves."""
    if vendor not in VENDORS or step not in WALK:
        raise Http404("No such tool, or no such rule.")
    organization = request.organization
    shown = queries.shown(organization.id)
    months = queries.all_months(shown)
    context: dict[str, Any] = {
        "section": "audit",
        "tool": VENDORS[vendor],
        "label": LABELS[step],
        "rule": VENDORS[vendor].rule(step),
    }
    if not months.currencies():
        return render_page(request, "bridge/step.html", context)
    try:
        selection = select(organization, request.GET, months)
        where = comparing.place(shown, selection.month, selection.currency)
        if where is not None:
            opens, after = inside(slug, where.connection_ids), request.GET.get("after", "")
            context |= {"selection": selection, **_rows(opens, where, vendor, step, after)}
    except AddressError as error:
        return refused(request, str(error), error.status)
    return render_page(request, "bridge/step.html", context)


def _rows(opens: Places, where: Place, vendor: str, step: str, after: str) -> dict[str, Any]:
    try:
        page = reading.rows_below(where, vendor, step, after)
    except reading.UnknownPlaceError:
        raise AddressError(
            _("This is no place in the list. Open its first page and go on from there."), 400
        ) from None
    kept = comparing.kept(where, [vendor]).get(vendor)
    told = kept.result["steps"].get(step) if kept else None
    address = (opens.slug, where, vendor, step)
    return {
        "total": money(told["amount_micro"] if told else 0, where.currency, signed=True),
        "total_micro": told["amount_micro"] if told else 0,
        "count": told["subscriptions"] if told else 0,
        "rows": drawing.drawn(page, where.currency, opens),
        "following": drawing.step_url(*address, page.following) if page.following else "",
        "first": drawing.step_url(*address) if after else "",
    }


def refused(request: OrganizationRequest, message: str, status: int) -> HttpResponse:
    """Say what is wrong with an address, and offer one that works."""
    context = {"section": "audit", "message": message, "status": status}
    return render(request, "dashboards/address_error.html", context, status=status)
