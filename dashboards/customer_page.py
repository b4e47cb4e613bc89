"""One customer's page: the timeline with what members add to it and what Stripe says was paid."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.access import OrganizationRequest
from accounts.models import Role
from dashboards.addresses import day_of
from dashboards.customer_papers import LISTS, papers
from dashboards.formatting import percent
from dashboards.fragments import render_page
from dashboards.moments import Place, place_of
from dashboards.notes import NoteForm
from dashboards.service_costs import CostForm, cost_rows
from dashboards.timeline import timeline_page
from metrics import queries
from metrics.evidence.record import Account, Ledger, account, is_known, ledger
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer of an account on show, with the segments."""

    shown: Shown
    account: Account
    held: Ledger


def known_customer(request: OrganizationRequest, connection_id: UUID, customer_id: str) -> KnownCustomer:
    """Return the customer that an address names, or raise 404."""
    shown = queries.shown(request.organization.id)
    found = account(shown, connection_id, customer_id) if customer_id.isprintable() else None
    if found is None:
        raise Http404("No such customer.")
    held = ledger(shown, connection_id, customer_id)
    if not held.segments and not is_known(shown, connection_id, customer_id):
        raise Http404("No such customer.")
    return KnownCustomer(shown, found, held)


def customer_page(
    request: OrganizationRequest,
    known: KnownCustomer,
    *,
    note_form: NoteForm | None = None,
    cost_form: CostForm | None = None,
) -> HttpResponse:
    """Draw the page; a form that was refused stands in it with what is wrong."""
    told, slug = request.GET.get("before", ""), request.organization.slug
    before = day_of(told) if told else None
    places = {name: place_of(request.GET.get(name, "")) for name in LISTS}
    shown, one = known.shown, known.account
    hung = papers(request, one.connection_id)
    role = Role(request.membership.role)
    computed_at = shown.freshness.computed_at
    balances = known.held.balances(int(computed_at.timestamp())) if computed_at else {}
    context: dict[str, Any] = {
        "section": "customers",
        "freshness": shown.freshness,
        "account": one,
        **timeline_page(shown, one, known.held, slug, before),
        "notes": hung.notes,
        **hung.payments,
        **{f"{name}_steps": _steps(request, name, hung.after[name], places[name]) for name in LISTS},
        "note_form": (note_form or NoteForm()) if role.covers(Role.MEMBER) else None,
        "costs": cost_rows(hung.costs, balances, hung.target),
        "target": percent(Fraction(hung.target, 100), 0),
        "cost_form": cost_form,
        "may_write": role.covers(Role.MEMBER),
        "may_erase": role.covers(Role.ADMIN),
        "admin": role.covers(Role.ADMIN),
    }
    refused = note_form is not None or cost_form is not None
    return render_page(request, "customers/customer.html", context, status=422 if refused else 200)


def _steps(request: OrganizationRequest, name: str, after: Place | None, at: Place | None) -> dict[str, str]:
    """Return the addresses of the first and the next page of one list, the others staying where they are."""
    kept = request.GET.copy()
    kept.pop(name, None)
    first = f"?{kept.urlencode()}#{name}"
    if after is not None:
        kept[name] = str(after)
    path = reverse("customer", kwargs=_place(request))
    return {
        "first_url": path + first if at else "",
        "next_url": f"{path}?{kept.urlencode()}#{name}" if after is not None else "",
    }


def _place(request: OrganizationRequest) -> dict[str, Any]:
    found = request.resolver_match.kwargs if request.resolver_match else {}
    return {name: found[name] for name in ("slug", "connection_id", "customer_id")}
