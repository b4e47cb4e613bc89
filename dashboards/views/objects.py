"""One of Stripe's objects as the mirror keeps it."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from accounts.audit import record
from accounts.models import Role
from dashboards.fragments import render_page
from dashboards.timeline import stripe_link
from metrics import queries
from metrics.evidence.objects import Stored, line_of, masked, stored_objects
from metrics.evidence.record import account

_encode = msgspec.json.Encoder(decimal_format="number").encode


@require_safe
def stored_object(
    request: OrganizationRequest, slug: str, connection_id: UUID, stripe_id: str
) -> HttpResponse:
    """Show the stored JSON of an object; what sellers write into lines is for admins and owners."""
    shown = queries.shown(request.organization.id)
    found = account(shown, connection_id, "") if stripe_id.isprintable() else None
    kept = stored_objects(request.organization.id, connection_id, stripe_id) if found else []
    if found is None or not kept:
        raise Http404("No such object.")
    whole = Role(request.membership.role).covers(Role.ADMIN)
    if whole and any(masked(one.payload) != one.payload for one in kept):
        record("object.seen", actor=request.user, subject=stripe_id)
    context: dict[str, Any] = {
        "section": "dashboard",
        "freshness": shown.freshness,
        "time_zone": shown.definition.time_zone,
        "account": found,
        "stripe_id": stripe_id,
        "stripe_url": stripe_link(found, stripe_id),
        "whole": whole,
        "objects": [_shown(one, whole) for one in kept],
        "line": _line(kept, request.GET.get("line", ""), whole),
    }
    return render_page(request, "evidence/object.html", context)


def _shown(one: Stored, whole: bool) -> dict[str, Any]:
    value = one.payload if whole else masked(one.payload)
    return {
        "kind": one.kind,
        "text": _indented(value),
        "api_version": one.api_version,
        "fetched_at": one.fetched_at,
        "deleted_at": one.deleted_at,
    }


def _line(kept: list[Stored], line_id: str, whole: bool) -> dict[str, str] | None:
    """Return the line of an invoice that the address asks for."""
    for one in kept if line_id else ():
        line = line_of(one.payload, line_id)
        if line:
            return {"id": line_id, "text": _indented(line if whole else masked(line))}
    return None


def _indented(value: Any) -> str:
    return msgspec.json.format(_encode(value), indent=2).decode()
