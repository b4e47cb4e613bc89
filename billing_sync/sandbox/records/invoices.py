"""Invoices, their lines, and items that wait for one."""

from .offers import Price, TaxRate
from .people import Discount
from .record import Record


class Tax(Record, frozen=True):
    rate: TaxRate
    amount: int
    taxable: int


class InvoiceItem(Record, frozen=True):
    """Hold a pending charge or credit; `item` is None for one made by hand."""

    id: str
    customer: str
    created: int
    amount: int
    currency: str
    description: str
    period_start: int
    period_end: int
    price: Price | None
    quantity: int
    proration: bool = False
    subscription: str | None = None
    item: str | None = None
    credits: tuple[str, str] | None = None
    invoice: str | None = None
    tax_rates: tuple[TaxRate, ...] = ()
    discounts: tuple[Discount, ...] = ()
    deleted: bool = False


class Line(Record, frozen=True):
    """Hold one invoice line; `credits` names the (invoice, line) that a proration credit undoes."""

    id: str
    invoice: str
    amount: int
    currency: str
    description: str
    period_start: int
    period_end: int
    price: Price | None
    quantity: int | None
    subscription: str | None = None
    item: str | None = None
    invoice_item: str | None = None
    proration: bool = False
    credits: tuple[str, str] | None = None
    discount_amounts: tuple[tuple[str, int], ...] = ()
    taxes: tuple[Tax, ...] = ()


class Invoice(Record, frozen=True):
    id: str
    customer: str
    created: int
    currency: str
    status: str
    reason: str
    lines: tuple[Line, ...]
    number: str | None = None
    subscription: str | None = None
    collection_method: str = "charge_automatically"
    period_start: int = 0
    period_end: int = 0
    subtotal: int = 0
    total: int = 0
    amount_due: int = 0
    amount_paid: int = 0
    starting_balance: int = 0
    ending_balance: int | None = None
    attempt_count: int = 0
    next_attempt: int | None = None
    due_date: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    discounts: tuple[Discount, ...] = ()
    post_payment_credit: int = 0
    pre_payment_credit: int = 0
    customer_name: str = ""
    customer_email: str = ""
    country: str = ""
