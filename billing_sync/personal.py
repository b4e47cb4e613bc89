"""Take personal data out of what is stored: a customer's goes to Payer, everyone else's copy is dropped.

The rule is broad on purpose: in objects that belong to a customer a personal key is dropped at any depth, and
an embedded customer, card or payment method becomes its id. The catalogue is the seller's and stays whole.
"""

from typing import Any

from billing_sync.payload import JsonObject

CATALOGUE = frozenset({"product", "price", "plan", "coupon", "promotion_code", "tax_rate"})
OWNED = frozenset(
    {
        "balance_transaction",
        "charge",
        "credit_note",
        "customer",
        "discount",
        "dispute",
        "invoice",
        "invoice_payment",
        "invoiceitem",
        "line_item",
        "payment_intent",
        "payment_method",
        "refund",
        "subscription",
        "subscription_item",
        "subscription_schedule",
    }
)
BECOME_IDS = frozenset({"customer", "payment_method", "card", "bank_account", "source"})
PERSONAL_KEYS = frozenset(
    {
        "address",
        "billing_details",
        "business_name",
        "client_secret",
        "comment",
        "confirmation_secret",
        "custom_fields",
        "customer_address",
        "customer_details",
        "customer_email",
        "customer_name",
        "customer_phone",
        "customer_shipping",
        "customer_tax_ids",
        "description",
        "destination_details",
        "email",
        "evidence",
        "fingerprint",
        "footer",
        "hosted_invoice_url",
        "individual_name",
        "instructions_email",
        "invoice_pdf",
        "ip_address",
        "last4",
        "level3",
        "location",
        "memo",
        "metadata",
        "name",
        "next_action",
        "payment_method_details",
        "pdf",
        "phone",
        "preferred_locales",
        "receipt_email",
        "receipt_url",
        "shipping",
        "shipping_details",
        "sources",
        "tax_id",
        "tax_ids",
        "verification",
        "wallet",
    }
)
DESCRIBED = frozenset({"line_item", "invoiceitem", "credit_note_line_item"})
BUT_DESCRIPTION = PERSONAL_KEYS - {"description"}
CONTAINERS = frozenset({dict, list})
# Of an object that no stage reads, the log keeps what it is and whom it names.
NAMED = ("id", "object", "customer", "subscription", "invoice", "charge", "created", "livemode", "status")


def without_personal(value: JsonObject, kind: str) -> JsonObject:
    """Return the object, of Stripe's type `kind`, without personal data."""
    if kind in CATALOGUE:
        return value
    if kind in OWNED:
        return _stripped(value)
    return {key: value[key] for key in NAMED if isinstance(value.get(key), str | int)}


def event_without_personal(event: JsonObject) -> JsonObject:
    """Return an event without the personal data in its object, and without Stripe's delivery counter."""
    kept = {key: value for key, value in event.items() if key not in ("data", "pending_webhooks")}
    data = event.get("data")
    if not isinstance(data, dict):
        return kept
    parts = {key: value for key, value in data.items() if key in ("object", "previous_attributes")}
    named = parts.get("object")
    kind = str(named.get("object", "")) if isinstance(named, dict) else ""
    return {
        **kept,
        "data": {
            key: without_personal(value, kind) for key, value in parts.items() if isinstance(value, dict)
        },
    }


def undescribed(value: JsonObject) -> JsonObject:
    """Return a stored object without what a seller wrote into the descriptions of invoice lines."""
    kind = value.get("object")
    described = isinstance(kind, str) and kind in DESCRIBED
    return {
        key: _without_descriptions(part)
        for key, part in value.items()
        if not (described and key == "description")
    }


def _without_descriptions(part: Any) -> Any:
    if isinstance(part, dict):
        return undescribed(part)
    return [_without_descriptions(one) for one in part] if isinstance(part, list) else part


def personal_fields(customer: JsonObject) -> JsonObject:
    """Return what a customer's payload loses: the fields of its Payer."""
    fields = {key: value for key, value in customer.items() if key in PERSONAL_KEYS}
    return {key: value for key, value in fields.items() if value not in (None, "", {}, [])}


def _stripped(value: JsonObject) -> JsonObject:
    kind = value.get("object")
    dropped = BUT_DESCRIPTION if isinstance(kind, str) and kind in DESCRIBED else PERSONAL_KEYS
    kept: JsonObject = {}
    for key, part in value.items():
        if key in dropped:
            continue
        # Most parts are words and numbers, and most of the others are empty.
        kept[key] = _inner(part) if type(part) in CONTAINERS and part else part
    return kept


def _inner(part: Any) -> Any:
    if type(part) is list:
        return [_inner(one) if type(one) in CONTAINERS else one for one in part]
    kind = part.get("object")
    if isinstance(kind, str) and kind in BECOME_IDS and isinstance(part.get("id"), str):
        return part["id"]
    return _stripped(part)
