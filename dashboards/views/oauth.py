"""Connecting an account by Stripe Connect: to Stripe's page, and back from it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, SignedInRequest, requires
from accounts.members import membership_in
from accounts.models import Organization, Role, User
from billing_sync import stripe_connect
from billing_sync.connecting import connect_by_code
from dashboards.authorization import Authorization, AuthorizationRefused, begin, take
from dashboards.views.connections import account_of, connection_of


@require_POST
@requires(Role.ADMIN)
def authorization(request: OrganizationRequest, slug: str, connection_id: UUID | None = None) -> HttpResponse:
    """Send a person to the page where Stripe asks whether we may read her account."""
    if not stripe_connect.configured():
        raise Http404("This installation is not registered with Stripe Connect.")
    replaces = account_of(connection_of(request, connection_id)) if connection_id else None
    return redirect(begin(request.session, request.user, request.organization.id, replaces))


@require_safe
@never_cache
@login_required
@sensitive_variables("code")
def callback(request: SignedInRequest) -> HttpResponse:
    """Take Stripe's answer: a code, which a job exchanges, or a refusal."""
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    try:
        asked = take(request.session, request.user, state)
        organization = _organization(asked, request.user)
    except AuthorizationRefused as error:
        return _refusal(request, str(error))
    if not code:
        return _refusal(request, _why_not(request.GET.get("error", "")), organization)
    try:
        with transaction.atomic():
            connect_by_code(
                organization.id, asked.connection_id, code=code, replaces=asked.replaces, by=request.user
            )
    except IntegrityError:
        return _refusal(request, _("This answer was used already."), organization)
    return redirect("dashboard", organization.slug)


def _organization(asked: Authorization, user: User) -> Organization:
    membership = membership_in(asked.organization_id, user)
    if membership is None or not Role(membership.role).covers(Role.ADMIN):
        raise AuthorizationRefused(
            _("You may no longer connect accounts for this organization. Nothing was connected.")
        )
    return membership.organization


def _why_not(error: str) -> str:
    if error == "access_denied":
        return _("Access was not allowed in Stripe. Nothing was connected, and nothing has changed.")
    if error == "invalid_scope":
        return _(
            "Stripe does not let this installation read only. Ask its operator, or use a restricted key."
        )
    return _("Stripe gave no access. Try once more, or use a restricted key.")


def _refusal(request: HttpRequest, message: str, organization: Organization | None = None) -> HttpResponse:
    context = {"message": message, "organization": organization}
    return render(request, "connections/not_connected.html", context, status=400)
