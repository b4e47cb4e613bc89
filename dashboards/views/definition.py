"""The definition: its settings in force, the versions, and a form that proposes others."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from accounts.models import Role
from dashboards.definition_forms import DefinitionForm
from dashboards.definition_rows import rule_links, rule_versions, setting_rows, versions
from dashboards.fragments import render_page
from metrics import queries
from metrics.models import Definition
from metrics.queries import Shown
from metrics.settings import settings


@require_safe
def definition(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show every setting in force with its meaning, and the versions before."""
    shown = queries.shown(request.organization.id)
    form = DefinitionForm(shown.definition)
    return render_page(request, "definition/definition.html", definition_context(request, shown, form))


def definition_context(request: OrganizationRequest, shown: Shown, form: DefinitionForm) -> dict[str, Any]:
    """Return what the page shows, with a form that may have been filled in."""
    organization_id, in_use = request.organization.id, shown.definition.version
    rows = versions(organization_id, in_use)
    return {
        "section": "audit",
        "settings": setting_rows(settings(shown.definition)),
        "version": in_use,
        "newest": rows[0].version if rows else in_use,
        "versions": rows,
        "rules": rule_links(shown.alerts),
        "rule_versions": rule_versions(organization_id, shown.alerts_version),
        "form": form,
        "has_numbers": shown.freshness.computed_at is not None,
        "may_change": Role(request.membership.role).covers(Role.ADMIN),
        "time_zone": shown.definition.time_zone,
    }


@require_safe
def definition_version(request: OrganizationRequest, slug: str, version: int) -> HttpResponse:
    """Show one version: its settings, in what it differed from the one before, who made it and when."""
    rows = Definition.objects.filter(organization_id=request.organization.id).select_related("created_by")
    row = get_object_or_404(rows, version=version)
    before = rows.filter(version__lt=version).order_by("-version").first()
    context = {
        "section": "audit",
        "row": row,
        "before": before,
        "settings": setting_rows(row.settings, before.settings if before else None),
        "time_zone": row.settings.get("time_zone", "UTC"),
    }
    return render_page(request, "definition/version.html", context)
