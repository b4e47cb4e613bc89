"""Invoices, their lines and payments, and what was given back."""

from msgspec import Struct

from metrics.build.payloads.catalogue import DiscountList
from metrics.build.payloads.common import Page, Reference


class Period(Struct, gc=False):
    start: int | None = None
    end: int | None = None


class PriceDetails(Struct):
    price: Reference = None


class Pricing(Struct):
    price_details: PriceDetails | None = None


class ProrationDetails(Struct):
    credited_items: dict[str, object] | None = None


class LineDetails(Struct):
    subscription: str | None = None
    subscription_item: str | None = None
    proration: bool | None = None
    proration_details: ProrationDetails | None = None


class LineParent(Struct):
    subscription_item_details: LineDetails | None = None
    invoice_item_details: LineDetails | None = None


class DiscountAmount(Struct, gc=False):
    amount: int = 0
    discount: Reference = None


class Tax(Struct, gc=False):
    amount: int = 0
    tax_behavior: str | None = None


class Line(Struct):
    id: str
    amount: int = 0
    quantity: int | None = None
    period: Period | None = None
    parent: LineParent | None = None
    pricing: Pricing | None = None
    discounts: DiscountList = None
    discount_amounts: list[DiscountAmount] | None = None
    taxes: list[Tax] | None = None


class SubscriptionDetails(Struct, gc=False):
    subscription: Reference = None
    subscription_item: str | None = None


class Parent(Struct):
    subscription_details: SubscriptionDetails | None = None


class Transitions(Struct, gc=False):
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    marked_uncollectible_at: int | None = None


class Invoice(Struct):
    id: str
    status: str | None = None
    created: int | None = None
    currency: str = ""
    lines: Page[Line] | None = None
    parent: Parent | None = None
    billing_reason: str | None = None
    collection_method: str | None = None
    attempted: bool | None = None
    amount_paid: int | None = None
    due_date: int | None = None
    status_transitions: Transitions | None = None
    discounts: DiscountList = None
    total: int | None = None
    total_discount_amounts: list[DiscountAmount] | None = None
    total_taxes: list[Tax] | None = None


class InvoiceItem(Struct):
    id: str
    amount: int = 0
    currency: str = ""
    date: int | None = None
    invoice: Reference = None
    period: Period | None = None
    parent: Parent | None = None
    pricing: Pricing | None = None
    quantity: int | None = None
    proration: bool = False
    proration_details: ProrationDetails | None = None
    discounts: DiscountList = None


class Payment(Struct):
    payment_intent: Reference = None
    charge: Reference = None


class InvoicePayment(Struct):
    id: str
    invoice: Reference = None
    payment: Payment | None = None


class Refund(Struct):
    id: str
    amount: int = 0
    created: int | None = None
    status: str | None = None
    payment_intent: Reference = None
    charge: Reference = None


class NotedRefund(Struct):
    refund: Reference = None
    amount_refunded: int | None = None


class CreditNote(Struct):
    id: str
    invoice: Reference = None
    status: str | None = None
    out_of_band_amount: int | None = None
    refunds: list[NotedRefund] | None = None
