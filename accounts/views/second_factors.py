"""Whether an organization lets in members with a second factor only."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import second_factors
from accounts.access import OrganizationRequest, requires
from accounts.models import Role


@require_POST
@requires(Role.OWNER)
def requirement(request: OrganizationRequest, slug: str) -> HttpResponse:
    return _decided(request, required=True)


@require_POST
@requires(Role.OWNER)
def requirement_removal(request: OrganizationRequest, slug: str) -> HttpResponse:
    return _decided(request, required=False)


def _decided(request: OrganizationRequest, *, required: bool) -> HttpResponse:
    try:
        second_factors.require(request.organization, required=required, by=request.membership)
    except second_factors.SecondFactorRefusedError as error:
        messages.error(request, str(error))
        return redirect("mfa_index")
    if required:
        messages.success(request, _("Two-step sign-in is required of everyone now."))
    else:
        messages.success(request, _("Two-step sign-in is up to each member again."))
    return redirect("members", request.organization.slug)
