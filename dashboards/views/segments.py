"""One segment: its arithmetic, and the objects at Stripe that prove it."""

import re
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.fragments import render_page
from dashboards.segment_page import segment_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.core.ledger import Segment
from metrics.evidence.record import account, ledger

SECONDS = re.compile(r"-?[0-9]{1,12}", re.ASCII)


@require_safe
def segment(request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str) -> HttpResponse:
    """Show how one segment's MRR comes about, step by step, down to Stripe's objects."""
    began = request.GET.get("from", "")
    if not SECONDS.fullmatch(began):
        message = _("A segment is named by its subscription, its item and its first second.")
        return address_error(request, AddressError(message, 400))
    shown = queries.shown(request.organization.id)
    found = account(shown, connection_id, customer_id) if customer_id.isprintable() else None
    if found is None:
        raise Http404("No such customer.")
    named = request.GET.get("subscription", ""), request.GET.get("item", "")
    one = _named(ledger(shown, connection_id, customer_id).segments, *named, int(began))
    if one is None:
        message = _("There is no such segment any more: the history has changed. Open the customer again.")
        return address_error(request, AddressError(message, 404))
    context = {
        "section": "dashboard",
        "freshness": shown.freshness,
        "account": found,
        **segment_page(shown, found, one, slug),
    }
    return render_page(request, "evidence/segment.html", context)


def _named(found: tuple[Segment, ...], subscription: str, item: str, start: int) -> Segment | None:
    wanted = (subscription, item, start)
    return next((one for one in found if (one.subscription, one.item, one.start) == wanted), None)
