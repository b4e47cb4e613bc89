"""Objects as API versions before ours showed them."""

from typing import Any

from .objects.events import previous
from .objects.json import Json

# From these versions on, billing periods are on the items, and a discount names its source.
BASIL, CLOVER = "2025-03-31", "2025-09-30"


def event_at(shown: Json, version: str) -> Json:
    """Return an event with its object as an API version has it."""
    if version >= CLOVER:
        return {**shown, "api_version": version}
    data = shown["data"]
    after = at_version(data["object"], version)
    data = {**data, "object": after}
    if "previous_attributes" in data:
        before = at_version(_merged(shown["data"]["object"], data["previous_attributes"]), version)
        data["previous_attributes"] = previous(before, after)
    return {**shown, "api_version": version, "data": data}


def at_version(shown: Json, version: str) -> Json:
    """Return an object as an API version has it."""
    kind = shown.get("object")
    if kind == "subscription" and version < BASIL:
        return _subscription(shown)
    if kind == "subscription_item" and version < BASIL:
        return _item(shown)
    if kind == "invoice" and version < BASIL:
        return _invoice(shown)
    if kind == "customer" and shown.get("discount") and version < CLOVER:
        return {**shown, "discount": _discount(shown["discount"])}
    return _discount(shown) if kind == "discount" and version < CLOVER else shown


def _merged(shown: Any, before: Any) -> Any:
    if isinstance(shown, dict) and isinstance(before, dict) and before.get("object") is None:
        return {**shown, **{key: _merged(shown.get(key), value) for key, value in before.items()}}
    return before


def _subscription(shown: Json) -> Json:
    items = shown["items"]["data"]
    first = items[0] if items else {}
    alone = first if len(items) == 1 else {}
    return {
        **shown,
        "current_period_end": first.get("current_period_end"),
        "current_period_start": first.get("current_period_start"),
        "discount": None,
        "items": {**shown["items"], "data": [_item(item) for item in items]},
        "plan": alone.get("plan"),
        "quantity": alone.get("quantity"),
    }


def _item(shown: Json) -> Json:
    newer = ("current_period_end", "current_period_start", "current_trial")
    return {key: value for key, value in shown.items() if key not in newer}


def _discount(shown: Json) -> Json:
    rest = {key: value for key, value in shown.items() if key != "source"}
    coupon = shown["source"]["coupon"]
    return {**rest, "coupon": {"id": coupon, "object": "coupon"} if isinstance(coupon, str) else coupon}


def _invoice(shown: Json) -> Json:
    rest = {key: value for key, value in shown.items() if key != "parent"}
    details = (shown.get("parent") or {}).get("subscription_details") or {}
    lines = shown["lines"]
    return {
        **rest,
        "charge": None,
        "discount": None,
        "lines": {**lines, "data": [_line(line) for line in lines["data"]]},
        "paid": shown["status"] == "paid",
        "payment_intent": None,
        "subscription": details.get("subscription"),
    }


def _line(shown: Json) -> Json:
    rest = {key: value for key, value in shown.items() if key not in ("parent", "pricing")}
    parent = shown.get("parent") or {}
    item = parent.get("subscription_item_details") or {}
    loose = parent.get("invoice_item_details") or {}
    price = ((shown.get("pricing") or {}).get("price_details") or {}).get("price")
    return {
        **rest,
        "plan": None,
        "price": {"id": price, "object": "price"} if isinstance(price, str) else price,
        "proration": bool((item or loose).get("proration")),
        "subscription": (item or loose).get("subscription"),
        "subscription_item": item.get("subscription_item"),
        "type": "subscription" if item else "invoiceitem",
    }
