"""How Stripe represents what happened: JSON objects built from records on request."""

from collections.abc import Callable, Mapping
from typing import Any

from . import catalog, credit_notes, customers, disputes, events, invoices, payments, subscriptions
from .json import Json

BUILDERS: Mapping[str, Callable[[Any, bool], Json]] = {
    "product": catalog.product,
    "price": catalog.price,
    "coupon": catalog.coupon,
    "promotion_code": catalog.promotion_code,
    "tax_rate": catalog.tax_rate,
    "discount": catalog.discount,
    "customer": customers.customer,
    "payment_method": customers.payment_method,
    "subscription": subscriptions.subscription,
    "subscription_item": subscriptions.subscription_item,
    "subscription_schedule": subscriptions.subscription_schedule,
    "invoice": invoices.invoice,
    "line_item": invoices.line_item,
    "invoiceitem": invoices.invoiceitem,
    "invoice_payment": payments.invoice_payment,
    "payment_intent": payments.payment_intent,
    "charge": payments.charge,
    "refund": payments.refund,
    "credit_note": credit_notes.credit_note,
    "credit_note_line_item": credit_notes.credit_note_line_item,
    "dispute": disputes.dispute,
    "balance_transaction": payments.balance_transaction,
}


def build(kind: str, record: Any, live: bool) -> Json:
    """Return a record as Stripe's JSON object."""
    if kind == "event":
        return events.event(record, live, BUILDERS)
    return BUILDERS[kind](record, live)


__all__ = ["BUILDERS", "Json", "build"]
