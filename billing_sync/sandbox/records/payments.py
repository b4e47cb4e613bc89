"""Payments of invoices, and what gives money back."""

from .people import PaymentMethod
from .record import Record


class Refund(Record, frozen=True):
    id: str
    customer: str
    created: int
    amount: int
    currency: str
    charge: str
    intent: str
    transaction: str


class Intent(Record, frozen=True):
    """Hold one payment of one invoice: a PaymentIntent and its InvoicePayment."""

    id: str
    payment_id: str
    customer: str
    invoice: str
    created: int
    amount: int
    currency: str
    status: str
    payment_method: str
    charge: str | None = None
    paid_at: int | None = None
    failure: str | None = None


class Charge(Record, frozen=True):
    id: str
    customer: str
    created: int
    amount: int
    currency: str
    intent: str
    transaction: str | None
    payment_method: PaymentMethod
    failure: str | None = None
    refunded: int = 0
    refunds: tuple[Refund, ...] = ()
    disputed: bool = False


class Transaction(Record, frozen=True):
    """Hold one movement of the account's Stripe balance."""

    id: str
    created: int
    amount: int
    fee: int
    currency: str
    type: str
    source: str


class CreditLine(Record, frozen=True):
    """Hold the part of a credit note that gives back one invoice line."""

    id: str
    line: str
    amount: int
    quantity: int | None


class CreditNote(Record, frozen=True):
    id: str
    customer: str
    invoice: str
    created: int
    currency: str
    number: str
    lines: tuple[CreditLine, ...]
    refunds: tuple[tuple[str, int], ...] = ()
    reason: str | None = None
    post_payment: bool = True


class Dispute(Record, frozen=True):
    id: str
    customer: str
    charge: str
    intent: str
    created: int
    amount: int
    currency: str
    status: str
