"""Closed months as published beside what they are by now, and the ledger of restatements."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from billing_sync import health
from dashboards.closing_words import REFUSALS, balance_row, change_rows, entry_row, figure_rows
from dashboards.fragments import render_page
from dashboards.places import inside
from dashboards.places import named as named_objects
from dashboards.selection import named
from metrics import queries
from metrics.management.output import json_text
from metrics.periods import last_months, parse_month
from metrics.restating import closings, entries
from metrics.restating.closings import Refusal
from metrics.restating.models import Restatement

OFFERED = 24
CUSTOMERS = 100
CHANGES = 500


@require_safe
def closed_months(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the past months: those that are closed, and those that can be."""
    organization_id = request.organization.id
    shown, standings = queries.shown(organization_id), health.standings(organization_id)
    history = queries.all_months(shown)
    first = min((min(each) for each in history.flows.values()), default=shown.today)
    past = [month for month in reversed(last_months(shown.today, OFFERED + 1)[:-1]) if month >= first]
    rows = closings.by_size(closings.closed(organization_id), request.organization.currency)
    closed = [(closings.published(row), named(row.month), f"{row.month:%Y-%m}") for row in rows]
    known, worst = {held.row.month for held, _, _ in closed}, health.worst(standings)
    why = {month: closings.refusal(shown, month, worst) for month in past if month not in known}
    context = {
        "section": "audit",
        "closed": closed,
        "open": [(named(month), f"{month:%Y-%m}", _why(refused)) for month, refused in why.items()],
        "entries": [entry_row(each) for each in entries.newest(organization_id)[:5]],
        "standings": standings,
        "time_zone": shown.definition.time_zone,
        "may_close": Role(request.membership.role).covers(Role.ADMIN),
    }
    return render_page(request, "closings/months.html", context)


@require_POST
@requires(Role.ADMIN)
def month_closure(request: OrganizationRequest, slug: str, month: str) -> HttpResponse:
    """Close a month: its figures are kept as they are published now."""
    on = _month(month)
    try:
        closings.close(request.organization.id, on, by=request.user)
    except Refusal as refused:
        messages.error(request, _why(refused))
        return redirect("closed_months", slug)
    messages.success(request, _("%(month)s is closed.") % {"month": named(on)})
    return redirect("closed_month", slug, month)


@require_safe
def closed_month(request: OrganizationRequest, slug: str, month: str) -> HttpResponse:
    """Show a closed month as published, as it stands by now, and which customers make the difference."""
    organization_id, on = request.organization.id, _month(month)
    held = closings.closed(organization_id).filter(month=on)
    rows = closings.by_size(held, request.organization.currency)
    if not rows:
        raise Http404("This month is not closed.")
    shown = queries.shown(organization_id)
    opens = inside(slug, shown.connection_ids)
    changed = list(closings.changed_balances(organization_id, on)[: CUSTOMERS + 1])
    ledger = Restatement.objects.filter(organization_id=organization_id, months__contains=[on])
    found = ledger.select_related("by").defer("changes").order_by("-at", "-id")[: entries.AT_ONCE]
    context = {
        "section": "audit",
        "month": month,
        "title": named(on),
        "row": rows[0],
        "held": [
            (each, each.row.currency.upper(), figure_rows(each, slug, shown.today))
            for each in map(closings.published, rows)
        ],
        "customers": [balance_row(each, opens) for each in changed[:CUSTOMERS]],
        "more_customers": len(changed) > CUSTOMERS,
        "entries": [entry_row(each) for each in found],
        "time_zone": shown.definition.time_zone,
    }
    return render_page(request, "closings/month.html", context)


@require_safe
def closed_month_json(request: OrganizationRequest, slug: str, month: str) -> HttpResponse:
    """Answer the JSON model of each currency, as published and as it stands by now."""
    rows = list(closings.closed(request.organization.id).filter(month=_month(month)))
    if not rows:
        raise Http404("This month is not closed.")
    models = [
        {
            "currency": row.currency,
            "closed_at": row.closed_at,
            "published": closings.published_model(row),
            "restated": closings.published_model(row, restated=True),
        }
        for row in rows
    ]
    body = json_text({"month": month, "currencies": models})
    return HttpResponse(body, content_type="application/json")


@require_safe
def restatements(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show every change of published numbers, newest first."""
    organization_id = request.organization.id
    found = entries.newest(organization_id, _id(request.GET.get("before", "")))
    context = {
        "section": "audit",
        "entries": [entry_row(each) for each in found[: entries.AT_ONCE]],
        "older": found[entries.AT_ONCE - 1].id if len(found) > entries.AT_ONCE else None,
        "time_zone": queries.shown(organization_id).definition.time_zone,
    }
    return render_page(request, "closings/restatements.html", context)


@require_safe
def restatements_json(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Answer the same with every figure that changed; `before` is the id to go on from."""
    found = entries.newest(request.organization.id, _id(request.GET.get("before", "")), whole=True)
    shown, more = found[: entries.AT_ONCE], len(found) > entries.AT_ONCE
    told = [
        {
            "id": one.id,
            "at": one.at,
            "cause": one.cause,
            "detail": one.detail,
            "definition_version": one.definition_version,
            "objects": one.objects_named,
            "changes": one.changes,
        }
        for one in shown
    ]
    body = json_text({"restatements": told, "before": shown[-1].id if more else None})
    return HttpResponse(body, content_type="application/json")


@require_safe
def restatement(request: OrganizationRequest, slug: str, restatement_id: UUID) -> HttpResponse:
    """Show one change of published numbers: each figure before and after, and the objects."""
    rows = Restatement.objects.filter(organization_id=request.organization.id).select_related("by")
    entry = get_object_or_404(rows, id=restatement_id)
    shown, changes = queries.shown(request.organization.id), change_rows(reversed(entry.changes))
    context = {
        "section": "audit",
        "entry": entry_row(entry),
        "objects": named_objects(shown, inside(slug, shown.connection_ids), entry.objects_named),
        "changes": changes[:CHANGES],
        "left_out": max(len(changes) - CHANGES, 0),
        "time_zone": shown.definition.time_zone,
    }
    return render_page(request, "closings/restatement.html", context)


def _month(text: str) -> date:
    try:
        return parse_month(text)
    except ValueError as error:
        raise Http404(str(error)) from error


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _why(refused: Refusal | None) -> str:
    return str(REFUSALS[refused.why]) if refused else ""
