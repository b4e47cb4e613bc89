"""The people of an organization: who they are, their roles, and how they leave."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import invitations, members, second_factors
from accounts.access import OrganizationRequest, requires
from accounts.forms import InvitationForm, RoleForm
from accounts.models import Role


@require_safe
def member_list(request: OrganizationRequest, slug: str) -> HttpResponse:
    return page(request, InvitationForm(giver=Role(request.membership.role), initial={"role": Role.MEMBER}))


def page(request: OrganizationRequest, form: InvitationForm, status: int = 200) -> HttpResponse:
    """Render the page with an invitation form, empty or with its errors."""
    mine = Role(request.membership.role)
    rows = [
        {
            "membership": each,
            "is_me": each.id == request.membership.id,
            "may_change": mine.covers(Role.ADMIN) and mine.covers(Role(each.role)),
            "form": RoleForm(giver=mine, initial={"role": each.role}, auto_id=f"role-{each.id}"),
        }
        for each in members.members_of(request.organization)
    ]
    context = {
        "organization": request.organization,
        "section": "members",
        "rows": rows,
        "form": form,
        "may_require": mine == Role.OWNER,
        "without_second_factor": second_factors.without(request.organization) if mine == Role.OWNER else 0,
        "may_invite": mine.covers(Role.ADMIN),
        "invitations": invitations.pending(request.organization) if mine.covers(Role.ADMIN) else [],
    }
    return render(request, "accounts/members.html", context, status=status)


@require_POST
@requires(Role.ADMIN)
def role(request: OrganizationRequest, slug: str, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(members.members_of(request.organization), id=membership_id)
    form = RoleForm(request.POST, giver=Role(request.membership.role))
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles you may give."))
        return redirect("members", slug)
    try:
        members.change_role(membership, Role(form.cleaned_data["role"]), by=request.membership)
    except members.MemberRefusedError as error:
        messages.error(request, str(error))
    return redirect("members", slug)


@require_POST
def removal(request: OrganizationRequest, slug: str, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(members.members_of(request.organization), id=membership_id)
    leaving = membership.id == request.membership.id
    if not leaving and not Role(request.membership.role).covers(Role.ADMIN):
        raise PermissionDenied(_("Your role in this organization does not allow this."))
    try:
        members.remove(membership, by=request.membership)
    except members.MemberRefusedError as error:
        messages.error(request, str(error))
        return redirect("members", slug)
    return redirect("organizations") if leaving else redirect("members", slug)
