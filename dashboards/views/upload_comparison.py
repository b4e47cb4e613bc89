"""An uploaded month against ours: the reasons, and the customers under each."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import jobs
from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards.bridge import drawn
from dashboards.formatting import money
from dashboards.fragments import render_page
from dashboards.places import inside
from dashboards.uploads import WORDS, comparison_url, settled
from dashboards.views.bridge import refused
from metrics import queries
from metrics.bridge import comparing, reading
from metrics.bridge.comparing import Place
from metrics.bridge.models import Upload, UploadedAmount
from metrics.bridge.uploads.settling import is_small, settle
from metrics.periods import parse_month


@require_safe
@requires(Role.VIEWER)
def upload_comparison(request: OrganizationRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Show how an uploaded month differs from ours, by reason."""
    upload = _upload(request, upload_id)
    where = _place(request, upload)
    context: dict[str, Any] = {"section": "audit", "upload": upload, "where": where}
    if where is not None:
        context |= _settled(slug, upload, where)
    return render_page(request, "uploads/comparison.html", context)


def _settled(slug: str, upload: Upload, where: Place) -> dict[str, Any]:
    """Return the comparison as it is kept; make it now where that is quick, else in the background."""
    subject = upload.id.hex
    found = comparing.kept(where, [subject])
    current = comparing.current(where, found, [subject])
    if not current and is_small(upload, where):
        settle(upload, where)
        found, current = comparing.kept(where, [subject]), True
    context: dict[str, Any] = {"computing": not current}
    if subject in found:
        context["settled"] = settled(slug, upload, where, found[subject])
    if not current:
        jobs.enqueue(where.organization_id, "settle_upload", f"{subject} {where.name}")
    return context


@require_safe
@requires(Role.VIEWER)
def upload_reason(request: OrganizationRequest, slug: str, upload_id: UUID, reason: str) -> HttpResponse:
    """Show the customers whose difference has one reason."""
    if reason not in WORDS:
        raise Http404("No such reason.")
    upload = _upload(request, upload_id)
    where = _place(request, upload)
    context: dict[str, Any] = {"section": "audit", "upload": upload, "where": where, "label": WORDS[reason]}
    if where is None:
        return render_page(request, "uploads/reason.html", context)
    after = request.GET.get("after", "")
    try:
        page = reading.rows_below(where, upload.id.hex, reason, after)
    except reading.UnknownPlaceError:
        return refused(
            request, _("This is no place in the list. Open its first page and go on from there."), 400
        )
    total = reading.difference(where, upload.id.hex, reason)
    address = (slug, upload, where.month, where.currency)
    context |= {
        "back": comparison_url(*address),
        "total": money(total, where.currency, signed=True),
        "total_micro": total,
        "rows": drawn(page, where.currency, inside(slug, where.connection_ids)),
        "following": comparison_url(*address, reason, page.following) if page.following else "",
        "first": comparison_url(*address, reason) if after else "",
    }
    return render_page(request, "uploads/reason.html", context)


def _upload(request: OrganizationRequest, upload_id: UUID) -> Upload:
    found = Upload.objects.filter(organization_id=request.organization.id).defer("content")
    return get_object_or_404(found, id=upload_id)


def _place(request: OrganizationRequest, upload: Upload) -> Place | None:
    """Return the month that the address names, else the newest that has begun; 404 for one it lacks."""
    held = UploadedAmount.objects.filter(organization_id=upload.organization_id, upload_id=upload.id)
    shown = queries.shown(upload.organization_id)
    month, currency = request.GET.get("month", ""), request.GET.get("currency", "")
    held = held.filter(month=_month(month)) if month else held.filter(month__lte=shown.today)
    if currency:
        held = held.filter(currency=currency) if currency.isprintable() else held.none()
    newest = held.order_by("-month", "currency").values_list("month", "currency").first()
    if newest is None and (month or currency):
        raise Http404("The file holds no such month.")
    return comparing.place(shown, *newest) if newest else None


def _month(text: str) -> date:
    try:
        return parse_month(text if text.isascii() else "")
    except ValueError:
        raise Http404("No such month.") from None
