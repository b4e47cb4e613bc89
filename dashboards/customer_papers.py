"""What hangs on one customer, by the statement of the page's tag: notes, costs, invoices, failed payments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.access import OrganizationRequest
from accounts.models import Membership, Role
from dashboards.conditional import Also, told_of
from dashboards.formatting import Money, money
from dashboards.moments import BEGIN, Place, place_of
from dashboards.selection import AddressError
from dashboards.service_costs import DEFAULT_TARGET
from metrics.core.money import MICRO

AT_ONCE = 20
# Each list has a place of its own in the address.
LISTS = ("notes", "invoices", "failures")
OWN = "organization_id = %(organization)s AND connection_id = %(connection)s AND customer_id = %(customer)s"
LATEST = """(SELECT coalesce(json_agg(one), '[]')::text FROM (
    SELECT {columns} FROM {table} WHERE {own} {only}
      AND (%({name}_at)s::timestamptz IS NULL OR ({at}, {id}) < (%({name}_at)s::timestamptz, %({name}_id)s))
    ORDER BY {at} DESC, {id} DESC LIMIT {limit}
) AS one)"""
NOTES = {
    "columns": "id, at, text, by_id, (SELECT email FROM accounts_user AS one WHERE one.id = by_id) AS by",
    "table": "dashboards_customernote",
    "only": "",
    "at": "at",
    "id": "id::text",
}
INVOICES = {
    "columns": "stripe_id, created_at, total_minor AS minor, currency, status AS word, paid_at",
    "table": "billing_sync_invoice",
    "only": "AND deleted_at IS NULL AND status <> 'draft'",
    "at": "created_at",
    "id": "stripe_id",
}
FAILURES = {
    "columns": "stripe_id, created_at, amount_minor AS minor, currency, failure_code AS word, NULL paid_at",
    "table": "billing_sync_charge",
    "only": "AND status = 'failed'",
    "at": "created_at",
    "id": "stripe_id",
}
COSTS = f"(SELECT json_object_agg(currency, amount_minor)::text FROM dashboards_servicecost WHERE {OWN})"  # noqa: S608
TARGET = "(SELECT service_target FROM dashboards_displaysettings WHERE organization_id = %(organization)s)"


def _bound(request: OrganizationRequest) -> dict[str, Any]:
    """Bind the customer and the places of the lists; a wrong place is told of by the view."""
    found = request.resolver_match.kwargs if request.resolver_match else {}
    bound: dict[str, Any] = {
        "connection": found["connection_id"],
        "customer": found["customer_id"].replace("\0", ""),
    }
    for name in LISTS:
        try:
            place = place_of(request.GET.get(name, ""))
        except AddressError:
            place = None
        bound |= {f"{name}_at": place.at if place else None, f"{name}_id": place.id if place else ""}
    return bound


PAPERS = Also(
    ", ".join(
        [
            *(
                LATEST.format(name=name, own=OWN, limit=AT_ONCE + 1, **parts)
                for name, parts in zip(LISTS, (NOTES, INVOICES, FAILURES), strict=True)
            ),
            COSTS,
            TARGET,
        ]
    ),
    _bound,
)


@dataclass(frozen=True, slots=True)
class Note:
    """One note: its text, who wrote it, when, and whether the reader may remove it."""

    id: UUID
    text: str
    by: str
    at: datetime
    removable: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """One invoice or attempt to pay: when, how much, in Stripe's word, and where it opens."""

    id: str
    url: str
    at: datetime | None
    amount: Money
    word: str
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Papers:
    """A page of each list, after which places the next ones begin, the costs by currency, and the target."""

    notes: Sequence[Note]
    payments: dict[str, list[Payment]]
    after: dict[str, Place | None]
    costs: dict[str, int]
    target: int


def papers(request: OrganizationRequest, connection_id: UUID) -> Papers:
    """Return what hangs on the customer of a request's address."""
    notes, invoices, failures, costs, target = told_of(request, PAPERS)
    written = json.loads(notes)
    paid = {name: json.loads(rows) for name, rows in (("invoices", invoices), ("failures", failures))}
    after = {name: _after(rows, "created_at", "stripe_id") for name, rows in paid.items()}
    slug = request.organization.slug
    return Papers(
        [_note(one, request.membership) for one in written[:AT_ONCE]],
        {name: [_payment(one, slug, connection_id) for one in rows[:AT_ONCE]] for name, rows in paid.items()},
        after | {"notes": _after(written, "at", "id")},
        json.loads(costs) if costs else {},
        DEFAULT_TARGET if target is None else target,
    )


def _after(rows: Sequence[dict[str, Any]], at: str, identity: str) -> Place | None:
    if len(rows) <= AT_ONCE:
        return None
    last = rows[AT_ONCE - 1]
    return Place(_instant(last[at]) or BEGIN, last[identity])


def _note(one: dict[str, Any], membership: Membership) -> Note:
    removable = one["by_id"] == membership.user_id or Role(membership.role).covers(Role.ADMIN)
    return Note(UUID(one["id"]), one["text"], one["by"] or "", datetime.fromisoformat(one["at"]), removable)


def _payment(one: dict[str, Any], slug: str, connection_id: UUID) -> Payment:
    return Payment(
        one["stripe_id"],
        reverse("object", args=[slug, connection_id, one["stripe_id"]]),
        _instant(one["created_at"]),
        money((one["minor"] or 0) * MICRO, one["currency"] or "usd"),
        one["word"].replace("_", " "),
        _instant(one["paid_at"]),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
