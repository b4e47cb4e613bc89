"""Notes on a customer: written by members, removed by their authors and by admins."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards import notes
from dashboards.customer_page import customer_page, known_customer
from dashboards.models import CustomerNote


@require_POST
@requires(Role.MEMBER)
def customer_notes(
    request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str
) -> HttpResponse:
    """Write a note."""
    found = known_customer(request, connection_id, customer_id)
    form = notes.NoteForm(request.POST)
    if not form.is_valid():
        return customer_page(request, found, note_form=form)
    notes.write(request.membership, connection_id, found.account.customer_id, form.cleaned_data["text"])
    return redirect("customer", slug, connection_id, customer_id)


@require_POST
@requires(Role.MEMBER)
def customer_note_removal(
    request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str, note_id: UUID
) -> HttpResponse:
    """Remove a note for good."""
    note = CustomerNote.objects.filter(
        organization=request.organization, id=note_id, connection_id=connection_id
    ).first()
    if note is None or note.customer_id != customer_id:
        raise Http404("No such note.")
    if not notes.may_remove(request.membership, note):
        raise PermissionDenied(_("Whoever wrote a note, or an admin, removes it."))
    notes.remove(note, by=request.user)
    messages.success(request, _("The note is gone."))
    return redirect("customer", slug, connection_id, customer_id)
