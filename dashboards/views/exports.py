"""Getting data out: which tables there are, files that are made of them, and their bytes."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest
from accounts.models import Role
from dashboards.exports import keeping, making, offering
from dashboards.exports.parameters import ExportError
from dashboards.fragments import render_page
from dashboards.models import Export
from dashboards.views.bridge import refused
from metrics import queries

SHOWN = 50
OF_FORM = ("csrfmiddlewaretoken", "table", "format")
State = Export.State


@require_safe
def data(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what can be fetched, and the files that were made."""
    kept = making.kept(request.organization.id)
    if not Role(request.membership.role).sees_payers:
        # What others searched for may be a name.
        kept = kept.exclude(parameters__has_key="text")
    found = offering.files(slug, list(kept[:SHOWN]))
    context = {
        "section": "data",
        "freshness": queries.shown(request.organization.id).freshness,
        "groups": offering.offered(),
        "files": found,
        "waiting": offering.is_waiting(found),
        "days": making.KEPT.days,
    }
    return render_page(request, "exports/data.html", context)


@require_POST
def exports(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Make a file: one that is small is answered at once, of a larger one the page tells."""
    shown = queries.shown(request.organization.id)
    parameters = {name: str(text) for name, text in request.POST.items() if name not in OF_FORM}
    name, form = request.POST.get("table", ""), request.POST.get("format", "")
    try:
        personal = Role(request.membership.role).sees_payers
        wanted = making.asked(shown, name, form, parameters, personal=personal)
        export = making.make(shown, wanted, by=request.user)
    except ExportError as error:
        return refused(request, str(error), error.status)
    if export.state == State.READY:
        return redirect("export_file", slug, export.id)
    messages.info(request, _("The file is large, so that it is made in the background. It appears below."))
    return redirect("data", slug)


@require_safe
def export_file(request: OrganizationRequest, slug: str, export_id: UUID) -> HttpResponseBase:
    """Answer the bytes of a file that is ready."""
    export = _export(request, export_id)
    if export.state != State.READY:
        messages.info(request, _("This file is not ready yet."))
        return redirect("data", slug)
    return keeping.fetch(export, slug, by=request.user)


@require_POST
def export_repetition(request: OrganizationRequest, slug: str, export_id: UUID) -> HttpResponse:
    """Try again to make a file."""
    keeping.repeat(_export(request, export_id))
    messages.info(request, _("The file is being made again."))
    return redirect("data", slug)


def _export(request: OrganizationRequest, export_id: UUID) -> Export:
    export = keeping.export_of(request.organization.id, export_id)
    if export is None:
        raise Http404("No such file, or it has expired.")
    return export
