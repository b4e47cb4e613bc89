"""Files of other tools: uploading, saying what their columns are, and deleting them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import jobs
from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from config.uploads import MOST_BYTES as MOST_TAKEN
from dashboards.fragments import render_page
from dashboards.upload_forms import ColumnsForm, UploadForm
from dashboards.uploads import months_of
from metrics import queries
from metrics.bridge.models import Upload
from metrics.bridge.uploads import storing
from metrics.bridge.uploads.columns import Columns, guessed
from metrics.bridge.uploads.tables import FileError

SHOWN_ROWS = 5


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.VIEWER)
def uploads(request: OrganizationRequest, slug: str) -> HttpResponse:
    """List the files that were uploaded, and take another."""
    if request.method == "POST":
        return upload_file(request, slug)
    return _listed(request, UploadForm())


@requires(Role.ADMIN)
def upload_file(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Keep a file, or say why it is none that can be read."""
    form = UploadForm(request.POST, request.FILES)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_TAKEN:
        form.add_error("file", _("The file has more than 20 MB. Leave out older months and upload it again."))
    if not form.is_valid():
        return _listed(request, form, 400)
    file = form.cleaned_data["file"]
    try:
        made = storing.receive(request.organization.id, file.name, file.read(), by=request.user)
    except FileError as error:
        form.add_error("file", str(error))
        return _listed(request, form, 400)
    return redirect("upload", slug, made.id)


def _listed(request: OrganizationRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    found = Upload.objects.filter(organization_id=request.organization.id).defer("content")
    context = {
        "section": "audit",
        "uploads": found.select_related("created_by").order_by("-created_at"),
        "form": form,
        "may_change": may_change(request),
    }
    return render_page(request, "uploads/uploads.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.VIEWER)
def upload(request: OrganizationRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Show a file: its columns to choose, its bad rows, or the months that it holds."""
    found = get_object_or_404(Upload, organization_id=request.organization.id, id=upload_id)
    if request.method == "POST":
        return choose_columns(request, slug, found)
    return _shown(request, found, None)


@requires(Role.ADMIN)
def choose_columns(request: OrganizationRequest, slug: str, found: Upload) -> HttpResponse:
    """Read a file by the columns that were chosen, at once or in the background."""
    file = storing.contents(found)
    form = ColumnsForm(file, Columns(), request.POST)
    if not form.is_valid():
        return _shown(request, found, form, 400)
    try:
        storing.choose(found, form.columns())
    except FileError as error:
        form.add_error(None, str(error))
        return _shown(request, found, form, 400)
    if len(found.content) > storing.AT_ONCE:
        jobs.enqueue(request.organization.id, "read_upload", str(found.id))
    else:
        storing.take_in(found)
    return redirect("upload", slug, found.id)


def _shown(
    request: OrganizationRequest, found: Upload, form: ColumnsForm | None, status: int = 200
) -> HttpResponse:
    file = storing.contents(found)
    currency = request.organization.currency.lower() or queries.default_currency(request.organization.id)
    present = Columns.of(found.columns) if found.columns else guessed(file, currency)
    count, bad = storing.problems(found)
    context: dict[str, Any] = {
        "section": "audit",
        "upload": found,
        "form": form or ColumnsForm(file, present),
        "header": file.header,
        "sample": [cells for _, cells in file.rows[:SHOWN_ROWS]],
        "count": count,
        "problems": bad,
        "months": months_of(request.organization.slug, found) if found.state == storing.READY else [],
        "may_change": may_change(request),
    }
    return render_page(request, "uploads/upload.html", context, status=status)


@require_POST
@requires(Role.ADMIN)
def upload_removal(request: OrganizationRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Delete a file and all that came of it."""
    found = get_object_or_404(Upload, organization_id=request.organization.id, id=upload_id)
    storing.remove(found, by=request.user)
    messages.success(request, _("%(name)s and what was read of it are deleted.") % {"name": found.name})
    return redirect("uploads", slug)


def may_change(request: OrganizationRequest) -> bool:
    """Say whether the member may upload and delete."""
    return Role(request.membership.role).covers(Role.ADMIN)
