"""The API's addresses: what each lists, who may read it, and how it can be filtered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Keep = Callable[[Any, str], bool]


def equals(name: str) -> Keep:
    """Keep records whose attribute equals the parameter."""
    return lambda record, value: str(getattr(record, name)) == value


def truth(name: str) -> Keep:
    """Keep records whose attribute is true or false as the parameter says."""
    return lambda record, value: bool(getattr(record, name)) == (value == "true")


def anything(record: Any, value: str) -> bool:
    """Keep every record: the sandbox has only one value of this parameter."""
    return True


def _subscription_status(record: Any, value: str) -> bool:
    if value == "all":
        return True
    if value == "ended":
        return record.status in ("canceled", "incomplete_expired")
    return bool(record.status == value)


def _has_price(record: Any, value: str) -> bool:
    return any(item.price.id == value for item in record.items)


def _pending(record: Any, value: str) -> bool:
    return (record.invoice is None) == (value == "true")


def _payment_status(record: Any, value: str) -> bool:
    state = {"succeeded": "paid", "canceled": "canceled"}.get(record.status, "open")
    return state == value


def _price_type(record: Any, value: str) -> bool:
    return ("recurring" if record.interval else "one_time") == value


def _event_type(record: Any, value: str) -> bool:
    if value.endswith(".*"):
        return bool(record.type.startswith(value[:-1]))
    return bool(record.type == value)


def _not_canceled(record: Any) -> bool:
    return bool(record.status != "canceled")


def _everything(record: Any) -> bool:
    return True


def _exists(record: Any) -> bool:
    return not getattr(record, "deleted", False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Hold one list of the API; `usually` says what it shows when no status is asked for."""

    kind: str
    permission: str
    filters: Mapping[str, Keep]
    usually: Callable[[Any], bool] = _exists
    ranges: tuple[str, ...] = ("created",)


CUSTOMER = {"customer": equals("customer"), "customer_account": equals("customer_account")}
PAYMENT = {"payment[payment_intent]": equals("id"), "payment[type]": anything}
ENDPOINTS: Mapping[str, Endpoint] = {
    "customers": Endpoint("customer", "rak_customer_read", {"email": equals("email")}),
    "products": Endpoint(
        "product", "rak_product_read", {"active": truth("active"), "ids": equals("id"), "type": anything}
    ),
    "prices": Endpoint(
        "price",
        "rak_plan_read",
        {
            "active": truth("active"),
            "currency": equals("currency"),
            "product": equals("product"),
            "type": _price_type,
        },
    ),
    "coupons": Endpoint("coupon", "rak_coupon_read", {}),
    "promotion_codes": Endpoint(
        "promotion_code",
        "rak_promotion_code_read",
        {"active": truth("active"), "code": equals("code"), "coupon": equals("coupon")},
    ),
    "tax_rates": Endpoint(
        "tax_rate", "rak_tax_rate_read", {"active": anything, "inclusive": truth("inclusive")}
    ),
    "subscriptions": Endpoint(
        "subscription",
        "rak_subscription_read",
        {
            **CUSTOMER,
            "status": _subscription_status,
            "price": _has_price,
            "plan": _has_price,
            "collection_method": equals("collection_method"),
        },
        usually=_not_canceled,
    ),
    "subscription_items": Endpoint(
        "subscription_item",
        "rak_subscription_read",
        {"subscription": equals("subscription")},
        ranges=(),
    ),
    "subscription_schedules": Endpoint("subscription_schedule", "rak_subscription_read", CUSTOMER),
    "invoices": Endpoint(
        "invoice",
        "rak_invoice_read",
        {
            **CUSTOMER,
            "status": equals("status"),
            "subscription": equals("subscription"),
            "collection_method": equals("collection_method"),
        },
        ranges=("created", "due_date"),
    ),
    "invoiceitems": Endpoint(
        "invoiceitem",
        "rak_invoice_read",
        {**CUSTOMER, "invoice": equals("invoice"), "pending": _pending},
    ),
    "invoice_payments": Endpoint(
        "invoice_payment",
        "rak_invoice_read",
        {"invoice": equals("invoice"), "status": _payment_status, **PAYMENT},
    ),
    "charges": Endpoint(
        "charge", "rak_charge_read", {"customer": equals("customer"), "payment_intent": equals("intent")}
    ),
    "refunds": Endpoint(
        "refund", "rak_charge_read", {"charge": equals("charge"), "payment_intent": equals("intent")}
    ),
    "credit_notes": Endpoint(
        "credit_note", "rak_credit_note_read", {**CUSTOMER, "invoice": equals("invoice")}
    ),
    "payment_intents": Endpoint("payment_intent", "rak_payment_intent_read", CUSTOMER),
    "payment_methods": Endpoint(
        "payment_method",
        "rak_payment_method_read",
        {"customer": equals("customer"), "type": anything},
        ranges=(),
    ),
    "disputes": Endpoint(
        "dispute", "rak_dispute_read", {"charge": equals("charge"), "payment_intent": equals("intent")}
    ),
    "balance_transactions": Endpoint(
        "balance_transaction",
        "rak_balance_transaction_source_read",
        {"currency": equals("currency"), "source": equals("source"), "type": equals("type")},
    ),
    "events": Endpoint(
        "event",
        "rak_event_read",
        {"type": _event_type, "types": _event_type, "delivery_success": anything},
        usually=_everything,
    ),
}
NESTED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("invoices", "lines"): ("invoice", "rak_invoice_read"),
    ("credit_notes", "lines"): ("credit_note", "rak_credit_note_read"),
    ("charges", "refunds"): ("charge", "rak_charge_read"),
    ("customers", "payment_methods"): ("customer", "rak_payment_method_read"),
}
