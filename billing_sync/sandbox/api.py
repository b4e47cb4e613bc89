"""Answers to reads of Stripe's API."""

from collections.abc import Sequence
from typing import Any

from .company import Company
from .endpoints import ENDPOINTS, NESTED, Endpoint
from .errors import ApiError, missing, unknown_parameter, unrecognized
from .expand import Expander
from .keys import Key, permit
from .life import DAY
from .listing import FOREVER, Query, Values, page, read, slice_of
from .objects import Json, build
from .objects.accounts import account

EVENTS_REACH = 30 * DAY
CHILDREN = {
    "charges": "refund",
    "credit_notes": "credit_note_line_item",
    "customers": "payment_method",
    "invoices": "line_item",
}


def answer(company: Company, key: Key, method: str, path: str, values: Values) -> Json:
    """Answer a request to the part of an address after /v1/."""
    parts = path.strip("/").split("/")
    if method != "GET":
        raise unrecognized(method, f"/v1/{path}")
    if parts[0] in ("account", "accounts"):
        return _account(company, key, parts, values)
    endpoint = ENDPOINTS.get(parts[0])
    if endpoint is None or len(parts) > 3:
        raise unrecognized(method, f"/v1/{path}")
    if len(parts) == 3:
        return _nested(company, key, parts, values)
    permit(key, [endpoint.permission], company.account.id)
    if len(parts) == 2:
        return _one(company, key, endpoint, parts[1], values)
    return _list(company, key, parts[0], endpoint, values)


def _account(company: Company, key: Key, parts: Sequence[str], values: Values) -> Json:
    permit(key, ["rak_accounts_kyc_basic_read"], company.account.id)
    if len(parts) == 2 and parts[1] != company.account.id:
        raise missing("account", parts[1])
    return account(company.account)


def _only_expand(values: Values) -> list[str]:
    paths: list[str] = []
    for name, given in values.items():
        if name.partition("[")[0] != "expand":
            raise unknown_parameter(name)
        paths += given
    return paths


def _one(company: Company, key: Key, endpoint: Endpoint, identity: str, values: Values) -> Json:
    paths = _only_expand(values)
    record = company.book.get(endpoint.kind, identity)
    if record is None or not _reachable(company, endpoint, record):
        raise missing(endpoint.kind, identity)
    shown = _built(company, endpoint.kind, identity, record, key)
    expander = _expander(company, key)
    for path in paths:
        shown = expander.expand(shown, path)
    return shown


def _reachable(company: Company, endpoint: Endpoint, record: Any) -> bool:
    if endpoint.kind == "event":
        return bool(record.created >= company.now - EVENTS_REACH)
    if endpoint.kind == "subscription_item":
        owner = company.book.get("subscription", record.subscription)
        return owner is not None and any(item.id == record.id for item in owner.items)
    return endpoint.kind == "customer" or not getattr(record, "deleted", False)


def _built(company: Company, kind: str, identity: str, record: Any, key: Key) -> Json:
    shown = build(kind, record, key.live)
    return {**shown, **company.oddities.get(identity, {})}


def _expander(company: Company, key: Key) -> Expander:
    return Expander(company.book, key.live)


def _list(company: Company, key: Key, name: str, endpoint: Endpoint, values: Values) -> Json:
    query = read(values, list(endpoint.filters), endpoint.ranges)
    if endpoint.kind == "subscription_item":
        return _items(company, key, query)
    _check_customer(company, query)
    since = company.now - EVENTS_REACH if endpoint.kind == "event" else 0
    rows, more = page(company.book, endpoint, query, since)
    data = [_built(company, endpoint.kind, identity, record, key) for identity, record in rows]
    return _shown(company, key, query, data, more, f"/v1/{name}")


def _check_customer(company: Company, query: Query) -> None:
    for identity in query.filters.get("customer", []):
        if company.book.get("customer", identity) is None:
            raise missing("customer", identity, "customer", status=400)


def _shown(company: Company, key: Key, query: Query, data: list[Json], more: bool, url: str) -> Json:
    expander = _expander(company, key)
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
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _items(company: Company, key: Key, query: Query) -> Json:
    wanted = query.filters.get("subscription")
    if wanted is None:
        raise ApiError(
            400, "Missing required param: subscription.", code="parameter_missing", param="subscription"
        )
    owner = company.book.get("subscription", wanted[-1])
    if owner is None:
        raise missing("subscription", wanted[-1], "subscription")
    items, more = slice_of(owner.items, query)
    data = [build("subscription_item", item, key.live) for item in items]
    return _shown(company, key, query, data, more, "/v1/subscription_items")


def _nested(company: Company, key: Key, parts: Sequence[str], values: Values) -> Json:
    known = NESTED.get((parts[0], parts[2]))
    if known is None:
        raise unrecognized("GET", f"/v1/{'/'.join(parts)}")
    kind, permission = known
    permit(key, [permission], company.account.id)
    owner = company.book.get(kind, parts[1])
    if owner is None or getattr(owner, "deleted", False):
        raise missing(kind, parts[1])
    query = read(values, ["type"] if parts[2] == "payment_methods" else [], ())
    records, more = slice_of(_children(company, parts, owner), query)
    kind = CHILDREN[parts[0]]
    data = [_built(company, kind, record.id, record, key) for record in records]
    return _shown(company, key, query, data, more, f"/v1/{'/'.join(parts)}")


def _children(company: Company, parts: Sequence[str], owner: Any) -> Sequence[Any]:
    if parts[0] == "charges":
        return tuple(reversed(owner.refunds))
    if parts[0] == "customers":
        cards = company.book.newest_first("payment_method", 0, FOREVER, customer=owner.id)
        return [card for _, card in cards]
    lines: Sequence[Any] = owner.lines
    return lines
