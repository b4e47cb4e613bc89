"""How fresh the mirror is, what ran to keep it so, and what had to be mended."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from billing_sync import health, history
from dashboards.audit_words import last_audit
from dashboards.health_words import words_for
from dashboards.sync_history import mended, repair_rows, run_rows

RUNS, REPAIRS = 25, 25


@require_safe
def sync(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show each connection's freshness, and the newest runs and repairs or those before a place."""
    organization_id = request.organization.id
    try:
        runs_before = history.place_of(request.GET.get("runs", ""))
        repairs_before = history.place_of(request.GET.get("repairs", ""))
    except history.PlaceError:
        return unknown_place(request)
    standings = health.standings(organization_id)
    compared = history.latest_comparisons(organization_id)
    runs, older_runs = history.runs(organization_id, runs_before, RUNS)
    repairs, older_repairs = history.repairs(organization_id, repairs_before, REPAIRS)
    context = {
        "section": "connections",
        "standings": standings,
        "connections": [
            (each, words_for(each, slug), run, mended(run) if run else "")
            for each in standings
            for run in [compared.get(each.connection_id)]
        ],
        "runs": run_rows(runs, standings),
        "older_runs": older_runs,
        "repairs": repair_rows(repairs, standings),
        "older_repairs": older_repairs,
        "audit": last_audit(organization_id),
        "is_newest": runs_before is None and repairs_before is None,
        "time_zone": request.organization.time_zone,
    }
    return render(request, "sync/sync.html", context)


def unknown_place(request: OrganizationRequest) -> HttpResponse:
    """Say that an address names no place of the history."""
    message = _("This address names no place in the history. Start at the newest and go back from there.")
    context = {"section": "connections", "message": message, "status": 400}
    return render(request, "sync/unknown_place.html", context, status=400)
