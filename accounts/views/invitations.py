"""Send, revoke and accept invitations."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations
from accounts.access import OrganizationRequest, SignedInRequest, requires
from accounts.forms import InvitationForm
from accounts.models import Role
from accounts.views import members


@require_POST
@requires(Role.ADMIN)
def invite(request: OrganizationRequest, slug: str) -> HttpResponse:
    form = InvitationForm(request.POST, giver=Role(request.membership.role))
    if form.is_valid():
        try:
            sent = invitations.invite(
                form.cleaned_data["email"], Role(form.cleaned_data["role"]), by=request.membership
            )
        except invitations.InvitationRefusedError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("Invitation sent to %(email)s.") % {"email": sent.email})
            return redirect("members", slug)
    return members.page(request, form, status=422)


@require_POST
@requires(Role.ADMIN)
def revocation(request: OrganizationRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(request.organization.invitations, id=invitation_id)
    invitations.revoke(invitation, by=request.membership)
    return redirect("members", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, organization_id: UUID, secret: str) -> HttpResponse:
    """Show an invitation to who holds its link; accept it for the person it was sent to."""
    found = invitations.find(organization_id, secret)
    if found is None:
        raise Http404("No such invitation.")
    if not invitations.is_open(found):
        return render(request, "accounts/invitation_closed.html", status=410)
    if not request.user.is_authenticated:
        return render(request, "accounts/invitation.html", {"invitation": found})
    user = cast(SignedInRequest, request).user
    if not invitations.is_for(found, user):
        return render(request, "accounts/invitation_of_another.html", status=403)
    if request.method != "POST":
        return render(request, "accounts/invitation.html", {"invitation": found})
    try:
        invitations.accept(found, user)
    except invitations.InvitationRefusedError:
        return render(request, "accounts/invitation_closed.html", status=410)
    return redirect("dashboard", found.organization.slug)
