"""What people may ask of their data: to take it away, to have it forgotten, and to see who did what."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import OrganizationRequest, confirmed, requires
from accounts.audit import record
from accounts.forms import TypedForm
from accounts.models import Role
from accounts.privacy import archives, deleting, retention
from billing_sync import erasing, history
from dashboards import erasure
from dashboards.activity import deeds
from dashboards.privacy_forms import CustomerForm, RetentionForm

SHOWN = 50
METHODS = ["GET", "HEAD", "POST"]


@require_safe
def privacy(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Say what can be done with the organization's data, and by whom."""
    return _page(request, RetentionForm(initial=retention.chosen(request.organization.id)))


@require_POST
@requires(Role.ADMIN)
def retention_choice(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Keep things for as long as was typed, from the next night on."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    retention.choose(request.organization.id, form.cleaned_data, by=request.user)
    messages.success(request, _("Saved. What is older is deleted within a day."))
    return redirect("privacy", slug)


def _page(request: OrganizationRequest, form: RetentionForm, status: int = 200) -> HttpResponse:
    mine = Role(request.membership.role)
    context = {
        "section": "privacy",
        "is_admin": mine.covers(Role.ADMIN),
        "is_owner": mine.covers(Role.OWNER),
        "form": form,
        "kept": [(one, retention.chosen(request.organization.id)[one.kind]) for one in retention.kinds()],
        "customer_form": CustomerForm(),
    }
    return render(request, "privacy/privacy.html", context, status=status)


@require_http_methods(METHODS)
@requires(Role.ADMIN)
@confirmed
def payer_erasure(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what is known of a customer, and erase it once her id is typed again."""
    asked = CustomerForm(request.GET)
    if not asked.is_valid():
        return render(request, "privacy/which.html", {"section": "privacy", "form": asked}, status=400)
    customer = asked.cleaned_data["customer"]
    known = erasure.known(request.organization.id, customer)
    if known is None:
        asked.add_error("customer", _("No account here has a customer of this id."))
        return render(request, "privacy/which.html", {"section": "privacy", "form": asked}, status=404)
    label = _("Type %(customer)s to erase it") % {"customer": customer}
    form = TypedForm(request.POST or None, wanted=customer, label=label)
    if request.method == "POST" and form.is_valid():
        erasing.erase(request.organization.id, customer, by=request.user)
        messages.success(
            request, _("%(customer)s is erased. No number has changed.") % {"customer": customer}
        )
        return redirect("privacy", slug)
    context = {"section": "privacy", "form": form, "customer": customer, "known": known}
    return render(request, "privacy/erasure.html", context, status=422 if form.errors else 200)


@require_http_methods(METHODS)
@requires(Role.OWNER)
@confirmed
def archive_list(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show an owner her archives, and make one when she asks."""
    if request.method == "POST":
        archives.ask(request.organization, by=request.user)
        messages.success(request, _("The archive is being made. Come back in a few minutes."))
        return redirect("archives", slug)
    context = {"section": "privacy", "archives": archives.of(request.organization.id, request.user)}
    return render(request, "privacy/archives.html", context)


@require_safe
@requires(Role.OWNER)
@confirmed
def archive_file(request: OrganizationRequest, slug: str, archive_id: UUID) -> HttpResponse:
    """Give an archive to the one who asked for it, while it is there."""
    ready = archives.of(request.organization.id, request.user).filter(state=archives.State.READY)
    found = ready.filter(id=archive_id).first()
    if found is None:
        raise Http404("No such archive, or another's, or one that is gone.")
    record("organization.exported", actor=request.user, subject=str(found.id), bytes=found.size)
    name = f"{slug}-{found.asked_at:%Y-%m-%d}.zip"
    file = FileResponse(archives.opened(found), as_attachment=True, filename=name)
    return cast(HttpResponse, file)


@require_http_methods(METHODS)
@requires(Role.OWNER)
@confirmed
def organization_deletion(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Delete the organization once its name is typed."""
    name = request.organization.name
    form = TypedForm(
        request.POST or None, wanted=name, label=_("Type %(name)s to delete it") % {"name": name}
    )
    if request.method == "POST" and form.is_valid():
        deleting.begin(request.organization, by=request.user)
        messages.success(request, _("%(name)s is being deleted.") % {"name": name})
        return redirect("organizations")
    context = {"section": "privacy", "form": form}
    return render(request, "privacy/deletion.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Role.OWNER)
def activity(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show who did what, newest first, or from a place on."""
    try:
        before = history.place_of(request.GET.get("before", ""))
    except history.PlaceError:
        place = {"section": "privacy", "newest": reverse("activity", args=[slug])}
        return render(request, "privacy/unknown_place.html", place, status=400)
    found, older = deeds(request.organization.id, before, SHOWN)
    context: dict[str, Any] = {
        "section": "privacy",
        "deeds": found,
        "older": urlencode({"before": str(older)}) if older else "",
        "is_newest": before is None,
    }
    return render(request, "privacy/activity.html", context)
