"""The API's tokens: which there are, a new one shown once, and their end."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from config import clock
from dashboards.api import tokens
from dashboards.api.forms import TokenForm

SHOWN = 100


@require_safe
def api_tokens(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the tokens that open the organization to programs, and how to use one."""
    return _page(request, TokenForm())


@require_POST
@requires(Role.ADMIN)
def api_token_creation(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Make a token and show it, for the only time."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        _made, text = tokens.make(
            request.organization,
            form.cleaned_data["name"],
            form.cleaned_data["scopes"],
            by=request.user,
            expires_at=form.expires_at(),
        )
    except tokens.TooManyTokensError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=422)
    return _page(request, TokenForm(), secret=text, status=201)


@require_POST
@requires(Role.ADMIN)
def api_token_revocation(request: OrganizationRequest, slug: str, token_id: UUID) -> HttpResponse:
    """End a token at once."""
    token = get_object_or_404(tokens.of(request.organization), id=token_id)
    tokens.revoke(token, by=request.user)
    messages.success(request, _("%(name)s opens nothing any more.") % {"name": token.name})
    return redirect("api_tokens", slug)


def _page(
    request: OrganizationRequest, form: TokenForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    admin = Role(request.membership.role).covers(Role.ADMIN)
    context = {
        "section": "data",
        "tokens": tokens.of(request.organization)[:SHOWN],
        "now": clock.now(),
        "form": form if admin else None,
        "secret": secret,
        "address": f"{settings.BASE_URL.rstrip('/')}/api/v1/",
        "scopes": tokens.SCOPES.items(),
        "limit": settings.API_REQUESTS_A_MINUTE,
    }
    return render(request, "api/tokens.html", context, status=status)
