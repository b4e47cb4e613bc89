"""Expansion of ids into objects, and of the properties that arrive only when asked for."""

from collections.abc import Callable, Mapping
from typing import Any

from .book import Book
from .errors import ApiError
from .objects import Json, build
from .objects.catalog import coupon_extra, price_extra
from .objects.payments import charge_refunds

DEEPEST = 4
REFERENCES = {
    "customer": "customer",
    "invoice": "invoice",
    "latest_invoice": "invoice",
    "subscription": "subscription",
    "schedule": "subscription_schedule",
    "payment_intent": "payment_intent",
    "latest_charge": "charge",
    "charge": "charge",
    "balance_transaction": "balance_transaction",
    "default_payment_method": "payment_method",
    "payment_method": "payment_method",
    "product": "product",
    "price": "price",
    "coupon": "coupon",
    "promotion_code": "promotion_code",
    "discount": "discount",
    "discounts": "discount",
    "source": "charge",
    "refund": "refund",
}
EXTRAS = {
    ("price", "tiers"),
    ("price", "currency_options"),
    ("coupon", "applies_to"),
    ("coupon", "currency_options"),
    ("charge", "refunds"),
    ("invoice", "payments"),
    ("customer", "subscriptions"),
}


class Expander:
    """Expand paths of an object as one key's mode sees them."""

    def __init__(self, book: Book, live: bool) -> None:
        self._book = book
        self._live = live

    def expand(self, shown: Json, path: str, asked: str | None = None) -> Json:
        """Return the object with one dotted path expanded; the given object stays as it is."""
        names = path.split(".")
        if len((asked or path).split(".")) > DEEPEST:
            raise ApiError(
                400,
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {asked or path}",
                code="property_expansion_max_depth",
                param="expand",
            )
        return self._object(shown, names, path)

    def _object(self, shown: Json, names: list[str], path: str) -> Json:
        name, rest = names[0], names[1:]
        if name in shown and isinstance(shown[name], (dict, list)) and name not in ("discounts",):
            return {**shown, name: self._inside(shown[name], rest, path)}
        found = self._fetched(shown, name, path)
        return {**shown, name: self._inside(found, rest, path)}

    def _inside(self, value: Any, rest: list[str], path: str) -> Any:
        if not rest or value is None:
            return value
        if isinstance(value, list):
            return [self._inside(one, rest, path) for one in value]
        return self._object(value, rest, path)

    def _fetched(self, shown: Json, name: str, path: str) -> Any:
        kind = shown.get("object")
        if (kind, name) in EXTRAS:
            return self._extra(str(kind), shown["id"], name)
        if name not in REFERENCES or name not in shown:
            raise ApiError(
                400,
                f"This property cannot be expanded ({path}).",
                code="property_not_expandable",
                param="expand",
            )
        value = shown[name]
        if isinstance(value, list):
            return [self._lookup(REFERENCES[name], one) for one in value]
        return None if value is None else self._lookup(REFERENCES[name], value)

    def _lookup(self, kind: str, identity: Any) -> Any:
        if not isinstance(identity, str):
            return identity
        record = self._book.get(kind, identity)
        if record is None and kind == "charge":
            kind = "refund"
            record = self._book.get(kind, identity)
        return identity if record is None else build(kind, record, self._live)

    def _extra(self, kind: str, identity: str, name: str) -> Any:
        record: Any = self._book.get(kind, identity)
        simple: Mapping[str, Callable[[Any, str], Any]] = {"price": price_extra, "coupon": coupon_extra}
        if kind in simple:
            return simple[kind](record, name)
        if kind == "charge":
            return charge_refunds(record, self._live)
        return self._owned(kind, record, name)

    def _owned(self, kind: str, record: Any, name: str) -> Json:
        if kind == "invoice":
            wanted, field, child = record.id, "invoice", "invoice_payment"
            url = f"/v1/invoice_payments?invoice={record.id}"
        else:
            wanted, field, child = record.id, "customer", "subscription"
            url = f"/v1/customers/{record.id}/subscriptions"
        owner = record.id if kind == "customer" else record.customer
        newest = self._book.newest_first(child, 0, 2**53, customer=owner)
        mine = [
            build(child, one, self._live)
            for _, one in newest
            if getattr(one, field) == wanted and getattr(one, "ended_at", None) is None
        ]
        return {"object": "list", "data": mine[:10], "has_more": len(mine) > 10, "url": url}
