"""The links to the investor view: which there are, a new one shown once, and their end."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from config import clock
from dashboards import sharing
from dashboards.selection import Choice
from dashboards.sharing_forms import ShareLinkForm
from metrics import queries

SHOWN = 100


@require_safe
def share_links(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the links that open the investor view to others."""
    return _page(request, ShareLinkForm(currencies=_currencies(request)))


@require_POST
@requires(Role.ADMIN)
def share_link_creation(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Make a link and show it, for the only time."""
    currencies = _currencies(request)
    form = ShareLinkForm(request.POST, currencies=currencies)
    if not form.is_valid():
        return _page(request, form, status=422)
    shown: str = form.cleaned_data["shown"]
    try:
        _made, address = sharing.make(
            request.organization,
            form.cleaned_data["label"],
            shown.removeprefix("in-"),
            form.cleaned_data["days"],
            by=request.user,
            converted=shown.startswith("in-"),
        )
    except sharing.TooManyLinksError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=422)
    return _page(request, ShareLinkForm(currencies=currencies), address=address, status=201)


@require_POST
@requires(Role.ADMIN)
def share_link_revocation(request: OrganizationRequest, slug: str, share_link_id: UUID) -> HttpResponse:
    """End a link at once."""
    link = get_object_or_404(sharing.of(request.organization), id=share_link_id)
    sharing.revoke(link, by=request.user)
    messages.success(request, _("The link for %(label)s opens nothing any more.") % {"label": link.label})
    return redirect("share_links", slug)


def _currencies(request: OrganizationRequest) -> list[Choice]:
    """Return what a link can show: each currency by itself, or all in the organization's own."""
    own = request.organization.currency.lower()
    codes = queries.currencies(request.organization.id)
    found = [Choice(one, one.upper(), chosen=one == own) for one in codes or [own] if one]
    to = own or next(iter(codes), "")
    if to and codes not in ([], [to]):
        found.append(Choice(f"in-{to}", _("All in %(code)s") % {"code": to.upper()}))
    return found


def _page(
    request: OrganizationRequest, form: ShareLinkForm, *, address: str = "", status: int = 200
) -> HttpResponse:
    admin = Role(request.membership.role).covers(Role.ADMIN)
    context = {
        "section": "dashboard",
        "links": sharing.of(request.organization)[:SHOWN],
        "now": clock.now(),
        "form": form if admin else None,
        "address": address,
    }
    return render(request, "investor/links.html", context, status=status)
