"""Who may see an organization's pages: the transaction, the membership check and the tenant of a request."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import replica
from accounts.lookups import Lookup
from accounts.models import Membership, Organization, Role, User
from accounts.second_factors import has_second_factor
from accounts.tenancy import ENTERED, hide_payers, set_tenant

# PostgreSQL takes no NUL; such an address is nobody's page.
ORGANIZATION_PAGE = re.compile(r"^/o/(?P<slug>[^/\x00]+)/")
Parameters = ParamSpec("Parameters")


class SignedInRequest(HttpRequest):
    """A request of a person who signed in."""

    user: User
    htmx: HtmxDetails


class OrganizationRequest(SignedInRequest):
    """A request under /o/<slug>/, inside that organization's transaction and tenant."""

    organization: Organization
    membership: Membership
    on_replica: bool = False


View = Callable[Concatenate[OrganizationRequest, Parameters], HttpResponse]


class StreamingRefusedError(RuntimeError):
    """Raised where a response would run queries after its transaction and its tenant have ended."""


class UnrenderedRefusedError(RuntimeError):
    """Raised where a template would be rendered then: `{% if %}` takes a failed query for an empty one."""


class TenantMiddleware:
    """Give every request under /o/<slug>/ one transaction that sees the organization's rows alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        page = ORGANIZATION_PAGE.match(request.path_info)
        if page is None:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return _to_sign_in(cast(SignedInRequest, request))
        return self._inside(cast(OrganizationRequest, request), page["slug"])

    def _inside(self, request: OrganizationRequest, slug: str) -> HttpResponseBase:
        with transaction.atomic():
            request.membership = _entered(request.user, slug)
            request.organization = request.membership.organization
            _veil(request)
            response = self._answer(request)
            if response.streaming and not isinstance(response, FileResponse):
                response.close()
                raise StreamingRefusedError(f"{request.path_info} answers with a stream.")
            if not getattr(response, "is_rendered", True):
                raise UnrenderedRefusedError(f"{request.path_info} answers with a template to be rendered.")
            if response.status_code >= 500:
                transaction.set_rollback(True)
        response.headers.setdefault("Cache-Control", "private, no-store")
        replica.remember(request, response)
        return response

    def _answer(self, request: OrganizationRequest) -> HttpResponseBase:
        """Answer, or say first what a member has to do where two factors are required."""
        if request.organization.second_factor_required and not has_second_factor(request.user):
            return render(request, "accounts/second_factor_wanted.html", status=403)
        return self._by_replica(request) or self.get_response(request)

    def _by_replica(self, request: OrganizationRequest) -> HttpResponseBase | None:
        """Answer a read from the replica; None where it may not, cannot or does not know of it."""
        if not replica.serves(request):
            return None
        request.on_replica = True
        try:
            with replica.reading():
                set_tenant(request.organization.id)
                _veil(request)
                response = self.get_response(request)
        except DatabaseError as error:
            replica.leave(error)
            return None
        finally:
            request.on_replica = False
        return response if response.status_code < 400 else None

    def process_exception(self, request: OrganizationRequest, error: Exception) -> HttpResponseBase | None:
        """Keep out of the log what a view could not do on the replica, as the primary does it then."""
        if getattr(request, "on_replica", False) and isinstance(error, DatabaseError):
            return HttpResponse(status=503)
        return None


def _veil(request: OrganizationRequest) -> None:
    if not Role(request.membership.role).sees_payers:
        hide_payers()


MEMBERSHIP = Lookup(
    lambda: (
        Membership.objects.select_related("organization")
        .filter(organization__slug="", user=0)
        .annotate(entered=ENTERED)
    ),
    joined="organization",
)


def _entered(user: User, slug: str) -> Membership:
    """Set the tenant to an organization that a person belongs to, by the statement that finds whether."""
    membership = MEMBERSHIP.find(slug, user.pk)
    if membership is None:
        raise Http404("No such organization, or not yours.")
    return membership


def _to_sign_in(request: SignedInRequest) -> HttpResponseBase:
    if request.htmx:
        page = request.htmx.current_url_abs_path or request.path
        return HttpResponseClientRedirect(redirect_to_login(page).url)
    return redirect_to_login(request.get_full_path())


def requires(role: Role) -> Callable[[View[Parameters]], View[Parameters]]:
    """Refuse a view under /o/<slug>/ to members below a role."""

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def guarded(
            request: OrganizationRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponse:
            if not Role(request.membership.role).covers(role):
                raise PermissionDenied(_("Your role in this organization does not allow this."))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def confirmed(view: View[Parameters]) -> View[Parameters]:
    """Have a person confirm that it is still her before a view that cannot be undone."""

    @wraps(view)
    def guarded(
        request: OrganizationRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponse:
        if is_reauthentication_required(request, app=""):
            query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return redirect(f"{reverse('account_reauthenticate')}?{query}")
        return view(request, *args, **kwargs)

    return guarded
