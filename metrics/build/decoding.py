"""Stored blobs of mirrored objects, decoded as far as history needs them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from billing_sync.payload import unpacked
from metrics.build import payloads
from metrics.build.facts import coupon_fact, price_fact
from metrics.build.mirrored import Kind, Mirrored
from metrics.core import facts

Unused = tuple[str, str]
Decoder = msgspec.json.Decoder[Any]


def _decoder(kind: Any) -> Decoder:
    return msgspec.json.Decoder(kind, strict=False)


PRICE, COUPON = _decoder(payloads.Price), _decoder(payloads.Coupon)
DISCOUNTED, SUBSCRIBED = (
    _decoder(kind) for kind in (payloads.Event[payloads.Discount], payloads.Event[payloads.Subscription])
)
DECODED: Mapping[int, Decoder] = {
    Kind.CUSTOMER: _decoder(payloads.Customer),
    Kind.EVENT: SUBSCRIBED,
    Kind.SUBSCRIPTION: _decoder(payloads.Subscription),
    Kind.ENDED_SUBSCRIPTION: _decoder(payloads.Subscription),
    Kind.PAYMENT: _decoder(payloads.InvoicePayment),
    Kind.INVOICE: _decoder(payloads.Invoice),
    Kind.INVOICE_ITEM: _decoder(payloads.InvoiceItem),
    Kind.SCHEDULE: _decoder(payloads.Schedule),
    Kind.REFUND: _decoder(payloads.Refund),
    Kind.CREDIT_NOTE: _decoder(payloads.CreditNote),
}


def decoded(row: Mirrored, unused: list[Unused]) -> Any:
    """Return a stored object, or None, and list why, where it cannot be read."""
    decoder = DISCOUNTED if row.word.startswith("customer.discount.") else DECODED[row.kind]
    try:
        return decoder.decode(unpacked(row.payload))
    except msgspec.ValidationError as error:
        unused.append((row.stripe_id, f"unreadable: {error}"[:255]))
        return None


@lru_cache(maxsize=4_096)
def price(blob: bytes) -> facts.Price:
    """Return a stored price; payer after payer has the same few."""
    return price_fact(PRICE.decode(unpacked(blob)))


@lru_cache(maxsize=4_096)
def coupon(blob: bytes) -> facts.Coupon:
    """Return a stored coupon."""
    return coupon_fact(COUPON.decode(unpacked(blob)))
