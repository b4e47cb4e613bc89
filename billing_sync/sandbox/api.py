"""Answers to reads of Stripe's API."""

from collections.abc import Sequence
from typing import Any

from .endpoints import ENDPOINTS, NESTED, Endpoint
from .errors import ApiError, missing, unknown_parameter, unrecognized
from .event_list import events
from .expand import Expander
from .keys import Key, permit
from .listing import FOREVER, Query, Values, page, read, slice_of
from .objects import Json, build
from .objects.accounts import account
from .view import View

CHILDREN = {
    "charges": "refund",
    "credit_notes": "credit_note_line_item",
    "customers": "payment_method",
    "invoices": "line_item",
}


def answer(view: View, key: Key, method: str, path: str, values: Values) -> Json:
    """Answer a request to the part of an address after /v1/."""
    parts = path.strip("/").split("/")
    if method != "GET":
        raise unrecognized(method, f"/v1/{path}")
    if parts[0] in ("account", "accounts"):
        return _account(view, key, parts, values)
    endpoint = ENDPOINTS.get(parts[0])
    if endpoint is None or len(parts) > 3:
        raise unrecognized(method, f"/v1/{path}")
    if len(parts) == 3:
        return _nested(view, key, parts, values)
    permit(key, [endpoint.permission], view.company.account.id)
    if len(parts) == 2:
        return _one(view, key, parts, endpoint, values)
    return _list(view, key, parts[0], endpoint, values)


def _account(view: View, key: Key, parts: Sequence[str], values: Values) -> Json:
    permit(key, ["rak_accounts_kyc_basic_read"], view.company.account.id)
    if len(parts) == 2 and parts[1] != view.company.account.id:
        raise missing("account", parts[1])
    return account(view.company.account)


def _only_expand(values: Values) -> list[str]:
    paths: list[str] = []
    for name, given in values.items():
        if name.partition("[")[0] != "expand":
            raise unknown_parameter(name)
        paths += given
    return paths


def _one(view: View, key: Key, parts: Sequence[str], endpoint: Endpoint, values: Values) -> Json:
    name, identity = parts
    paths = _only_expand(values)
    record = view.company.book.get(endpoint.kind, identity)
    if record is not None and endpoint.kind == "customer" and identity in view.tampering.deleted:
        return {"id": identity, "object": "customer", "deleted": True}
    if record is None or not view.exists(endpoint, identity, record):
        raise missing(endpoint.kind, identity)
    shown = view.shown(endpoint.kind, identity, record, key.live)
    expander = _expander(view, key)
    for path in paths:
        shown = expander.expand(shown, path)
    sent: Json = view.sent(name, shown)
    return sent


def _expander(view: View, key: Key) -> Expander:
    return Expander(view.company.book, key.live)


def _list(view: View, key: Key, name: str, endpoint: Endpoint, values: Values) -> Json:
    query = read(values, list(endpoint.filters), endpoint.ranges)
    if endpoint.kind == "subscription_item":
        return _items(view, key, query)
    _check_customer(view, query)
    endpoint = view.without_deleted(endpoint, query)
    if endpoint.kind == "event":
        rows, more = events(view, endpoint, query)
    else:
        rows, more = page(view.company.book, endpoint, query)
    data = [view.shown(endpoint.kind, identity, record, key.live) for identity, record in rows]
    return _shown(view, key, query, data, more, f"/v1/{name}")


def _check_customer(view: View, query: Query) -> None:
    for identity in query.filters.get("customer", []):
        if view.company.book.get("customer", identity) is None:
            raise missing("customer", identity, "customer", status=400)


def _shown(view: View, key: Key, query: Query, data: list[Json], more: bool, url: str) -> Json:
    expander = _expander(view, key)
    for path in query.expand:
        head, _, rest = path.partition(".")
        if head != "data" or not rest:
            raise ApiError(
                400,
                f"This property cannot be expanded ({path}). You may want to try 'data.{path}'.",
                code="property_not_expandable",
                param="expand",
            )
        data = [expander.expand(one, rest, path) for one in data]
    name = url.rpartition("/")[2]
    more = more and not view.chance(view.faults.truncated)
    sent = [view.sent(name, one) for one in data]
    return {"object": "list", "data": sent, "has_more": more, "url": url}


def _items(view: View, key: Key, query: Query) -> Json:
    wanted = query.filters.get("subscription")
    if wanted is None:
        raise ApiError(
            400, "Missing required param: subscription.", code="parameter_missing", param="subscription"
        )
    owner = view.company.book.get("subscription", wanted[-1])
    if owner is None:
        raise missing("subscription", wanted[-1], "subscription")
    items, more = slice_of(owner.items, query)
    data = [build("subscription_item", item, key.live) for item in items]
    return _shown(view, key, query, data, more, "/v1/subscription_items")


def _nested(view: View, key: Key, parts: Sequence[str], values: Values) -> Json:
    known = NESTED.get((parts[0], parts[2]))
    if known is None:
        raise unrecognized("GET", f"/v1/{'/'.join(parts)}")
    kind, permission = known
    permit(key, [permission], view.company.account.id)
    owner = view.company.book.get(kind, parts[1])
    if owner is None or getattr(owner, "deleted", False) or parts[1] in view.tampering.deleted:
        raise missing(kind, parts[1])
    query = read(values, ["type"] if parts[2] == "payment_methods" else [], ())
    records, more = slice_of(_children(view, parts, owner), query)
    kind = CHILDREN[parts[0]]
    data = [view.shown(kind, record.id, record, key.live) for record in records]
    return _shown(view, key, query, data, more, f"/v1/{'/'.join(parts)}")


def _children(view: View, parts: Sequence[str], owner: Any) -> Sequence[Any]:
    if parts[0] == "charges":
        return tuple(reversed(owner.refunds))
    if parts[0] == "customers":
        cards = view.company.book.newest_first("payment_method", 0, FOREVER, customer=owner.id)
        return [card for _, card in cards]
    lines: Sequence[Any] = owner.lines
    return lines
