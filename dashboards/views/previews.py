"""Other settings tried on the whole history before they are saved."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards.definition_forms import DefinitionForm
from dashboards.fragments import render_page
from dashboards.opening import Opening
from dashboards.places import inside
from dashboards.previews import Outcome, changed_row, column_labels, proposed
from dashboards.views.definition import definition_context
from metrics import queries
from metrics.queries import Shown
from metrics.restating.models import Preview, PreviewedChange
from metrics.restating.narrowing import NETTING
from metrics.restating.previews import (
    APPLIED,
    DONE,
    WAITING,
    NothingToPreviewError,
    apply,
    hold,
    is_stale,
    propose,
)

AT_ONCE = 50


@require_POST
@requires(Role.ADMIN)
def previews(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Try the proposed settings; nothing is saved but what they would make."""
    shown = queries.shown(request.organization.id)
    form = DefinitionForm(shown.definition, request.POST)
    if not form.is_valid():
        context = definition_context(request, shown, form)
        return render_page(request, "definition/definition.html", context, status=400)
    try:
        preview = propose(request.organization.id, form.values(), by=request.user)
    except NothingToPreviewError:
        messages.error(request, _nothing(shown))
        return redirect("definition", slug)
    return redirect("preview", slug, preview.id)


@require_safe
def preview(request: OrganizationRequest, slug: str, preview_id: UUID) -> HttpResponse:
    """Show what proposed settings would make of every month, and which subscriptions they change."""
    found = get_object_or_404(Preview, organization_id=request.organization.id, id=preview_id)
    shown = queries.shown(request.organization.id)
    stale = found.state != APPLIED and is_stale(found)
    context = {
        "section": "audit",
        "preview": found,
        "proposed": proposed(found),
        "waiting": found.state == WAITING and not stale,
        "stale": stale,
        "applied": found.state == APPLIED,
        "time_zone": shown.definition.time_zone,
        "may_apply": found.state == DONE and not stale and Role(request.membership.role).covers(Role.ADMIN),
        **(_outcome(request, shown, found, stale) if found.result else {}),
    }
    return render_page(request, "definition/preview.html", context)


@require_POST
@requires(Role.ADMIN)
def preview_application(request: OrganizationRequest, slug: str, preview_id: UUID) -> HttpResponse:
    """Make the previewed settings the definition; everything is computed again."""
    # Of two previews saved at once the second finds the rules moved on.
    hold(request.organization.id)
    rows = Preview.objects.select_for_update()
    found = get_object_or_404(rows, organization_id=request.organization.id, id=preview_id)
    if found.state == APPLIED:
        return redirect("preview", slug, preview_id)
    if found.state != DONE or is_stale(found):
        messages.error(request, _("The numbers or the rules have moved on since. Preview the change again."))
        return redirect("preview", slug, preview_id)
    version = apply(found, by=request.user)
    messages.success(
        request,
        _("Version %(version)d is saved. Every number is being computed again under it.")
        % {"version": version},
    )
    return redirect("definition", slug)


def _outcome(request: OrganizationRequest, shown: Shown, found: Preview, stale: bool) -> dict[str, Any]:
    outcome = Outcome.of(found, shown.zone)
    currencies = outcome.currencies()
    asked = request.GET.get("currency", "")
    currency = asked if asked in currencies else next(iter(currencies), "")
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    rows = PreviewedChange.objects.filter(organization_id=found.organization_id, preview_id=found.id)
    listed = list(rows.filter(position__gt=start).order_by("position")[: AT_ONCE + 1])
    opens = inside(request.organization.slug, shown.connection_ids)
    opening = (
        None if stale or found.state == APPLIED else Opening(request.organization.slug, currency, shown.today)
    )
    return {
        "nets_anew": not NETTING.isdisjoint(found.settings),
        "headlines": outcome.headlines(),
        "currencies": currencies,
        "currency": currency,
        "columns": column_labels(),
        "months": outcome.months(currency, opening) if currency else [],
        "rows": [changed_row(each, opens) for each in listed[:AT_ONCE]],
        "more": listed[AT_ONCE - 1].position if len(listed) > AT_ONCE else None,
        "start": start,
        "listed": outcome.listed,
        "changed": sum(each["changed"] for each in outcome.counts.values()),
    }


def _nothing(shown: Shown) -> str:
    if shown.freshness.computed_at is None:
        return _("There are no numbers yet. Connect an account first; the rules can be changed afterwards.")
    return _("These are the settings in force: nothing would change.")
