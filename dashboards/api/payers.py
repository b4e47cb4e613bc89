"""Customers: what they pay on a day, what moved it, and the segments that it consists of."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Query, Router

from billing_sync.models import Payer
from dashboards.api import cursors, schemas
from dashboards.api.entering import ApiRequest, Bearer
from dashboards.api.listing import listed
from dashboards.api.parameters import CustomersOf, Listed, MovementsOf
from dashboards.api.problems import Problem
from dashboards.api.reading import meta, reads
from dashboards.api.tokens import CUSTOMERS, PAYERS
from metrics.evidence.record import account, is_known
from metrics.models import Movement, Segment
from metrics.queries import current

router = Router(tags=["Customers"], auth=Bearer(CUSTOMERS))
MOVED_BY = {
    "date": cursors.day,
    "connection_id": cursors.uuid,
    "customer_id": cursors.word,
    "currency": cursors.word,
}
HELD_BY = {"connection_id": cursors.uuid, "customer_id": cursors.word, "currency": cursors.word}
VALUED_BY = {"subscription_id": cursors.word, "item_id": cursors.word, "from_at": cursors.moment}


@router.get("/movements", response=schemas.Page[schemas.Movement], url_name="api_movements")
@reads
def movements(request: ApiRequest, wanted: Query[MovementsOf]) -> dict[str, Any]:
    """Return the movements of customers by local day, oldest first."""
    if wanted.start > wanted.end:
        raise Problem(400, _("`from` lies after `to`."))
    chosen = {
        "kind": wanted.kind,
        "currency": wanted.currency,
        "connection_id": wanted.connection,
        "customer_id": wanted.customer,
    }
    rows = _moved(request).filter(date__gte=wanted.start, date__lt=wanted.end)
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    return _named(request, listed(request, rows, MOVED_BY, wanted, _movement))


@router.get("/customers", response=schemas.Page[schemas.Customer], url_name="api_customers")
@reads
def customers(request: ApiRequest, wanted: Query[CustomersOf]) -> dict[str, Any]:
    """Return the MRR of every customer who has any at the end of a local day, one row for a currency."""
    if wanted.on and wanted.on > request.shown.today:
        words = _("The day %(day)s has not begun. Today is %(today)s.")
        raise Problem(404, words % {"day": wanted.on, "today": request.shown.today})
    rows = _standing(request, wanted.on or request.shown.today).exclude(after_micro=0)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    return _named(request, listed(request, rows, HELD_BY, wanted, _customer))


@router.get(
    "/customers/{uuid:connection_id}/{path:customer_id}/movements",
    response=schemas.Page[schemas.Movement],
    url_name="api_customer_movements",
)
@reads
def customer_movements(
    request: ApiRequest, connection_id: UUID, customer_id: str, wanted: Query[Listed]
) -> dict[str, Any]:
    """Return what moved one customer's MRR, oldest first."""
    rows = _moved(request).filter(**_known(request, connection_id, customer_id))
    return _named(request, listed(request, rows, MOVED_BY, wanted, _movement))


@router.get(
    "/customers/{uuid:connection_id}/{path:customer_id}/segments",
    response=schemas.Page[schemas.Segment],
    by_alias=True,
    url_name="api_customer_segments",
)
@reads
def customer_segments(
    request: ApiRequest, connection_id: UUID, customer_id: str, wanted: Query[Listed]
) -> dict[str, Any]:
    """Return the segments that one customer's MRR consists of, by subscription, item and time."""
    rows = current(Segment.objects.all(), request.auth.organization.id)
    rows = rows.filter(**_known(request, connection_id, customer_id))
    return listed(request, rows, VALUED_BY, wanted, _segment)


@router.get(
    "/customers/{uuid:connection_id}/{path:customer_id}",
    response=schemas.Answer[schemas.OneCustomer],
    url_name="api_customer",
)
@reads
def customer(request: ApiRequest, connection_id: UUID, customer_id: str) -> dict[str, Any]:
    """Return one customer: the present MRR in each currency, and since when there was any."""
    who = _known(request, connection_id, customer_id)
    first = _moved(request).filter(**who).aggregate(on=Min("date"))["on"]
    standing = _standing(request, request.shown.today).filter(**who).exclude(after_micro=0)
    held = [_balance(row) for row in standing.order_by("currency")]
    told = _named(request, {"data": [{**who, "mrr": held, "first_moved_on": first}]})
    return {"data": told["data"][0], "meta": meta(request.shown)}


def _moved(request: ApiRequest) -> "QuerySet[Movement]":
    return current(Movement.objects.all(), request.auth.organization.id)


def _standing(request: ApiRequest, on: date) -> "QuerySet[Movement]":
    """Return each customer's last movement in each currency by the end of a day: what follows is the MRR."""
    return _moved(request).filter(Q(until=None) | Q(until__gt=on), date__lte=on)


def _known(request: ApiRequest, connection_id: UUID, customer_id: str) -> dict[str, Any]:
    """Return whose rows are meant; Problem where the organization has no such customer."""
    shown = request.shown
    named = customer_id.isprintable() and account(shown, connection_id, customer_id)
    who = {"connection_id": connection_id, "customer_id": customer_id}
    if named and (_moved(request).filter(**who).exists() or is_known(shown, connection_id, customer_id)):
        return who
    raise Problem(404, _("There is no such customer. /api/v1/customers lists those who pay."))


def _named(request: ApiRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Add who they are to a page's rows, where the token may know."""
    if not request.auth.has(PAYERS):
        return page
    ids = {(line["connection_id"], line["customer_id"]) for line in page["data"]}
    names = _payers(request, ids)
    for line in page["data"]:
        name, email = names.get((line["connection_id"], line["customer_id"]), ("", ""))
        line |= {"name": name, "email": email}
    return page


def _payers(request: ApiRequest, ids: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], tuple[str, str]]:
    rows = Payer.objects.filter(
        organization_id=request.auth.organization.id,
        connection_id__in={connection_id for connection_id, _ in ids},
        customer_id__in={customer_id for _, customer_id in ids},
    )
    found = rows.values_list("connection_id", "customer_id", "name", "email")
    return {(connection_id, customer_id): (name, email) for connection_id, customer_id, name, email in found}


def _movement(row: Movement) -> dict[str, Any]:
    return {
        "date": row.date,
        "connection_id": row.connection_id,
        "customer_id": row.customer_id,
        "kind": row.kind,
        "amount_micro": row.amount_micro,
        "after_micro": row.after_micro,
        "currency": row.currency,
        "subscription_ids": row.subscription_ids,
        "reasons": row.reasons,
    }


def _customer(row: Movement) -> dict[str, Any]:
    return {"connection_id": row.connection_id, "customer_id": row.customer_id, **_balance(row)}


def _balance(row: Movement) -> dict[str, Any]:
    return {
        "currency": row.currency,
        "mrr_micro": row.after_micro,
        "arr_micro": 12 * row.after_micro,
    }


def _segment(row: Segment) -> dict[str, Any]:
    return {
        "subscription_id": row.subscription_id,
        "item_id": row.item_id,
        "from": row.from_at,
        "to": row.to_at,
        "currency": row.currency,
        "price_id": row.price_id,
        "product_id": row.product_id,
        "interval": row.interval,
        "quantity": row.quantity,
        "mrr_micro": row.mrr_micro,
        "committed_micro": row.committed_micro,
        "contracted": row.contracted,
        "excluded": row.excluded,
        "discounts": row.discounts,
        "cancellation": row.cancellation,
        "evidence": row.evidence,
        "precision": "exact" if row.start_exact and row.end_exact else "period",
    }
