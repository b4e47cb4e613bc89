"""Invoices from draft to their end."""

from dataclasses import replace

from .life import Life
from .lines import take_pending
from .records import Invoice, Line, Subscription

HOUR = 3_600


def draft(life: Life, subscription: Subscription, lines: list[Line], invoice: str, reason: str) -> Invoice:
    """Write a draft invoice: pending items first, then the given lines."""
    lines = take_pending(life, subscription.id, invoice) + lines
    subtotal = sum(line.amount for line in lines)
    first = subscription.items[0]
    made = Invoice(
        invoice,
        subscription.customer,
        life.now,
        subscription.currency,
        "draft",
        reason,
        tuple(lines),
        subscription=subscription.id,
        collection_method=subscription.collection_method,
        period_start=first.period_start if reason != "subscription_create" else life.now,
        period_end=life.now,
        subtotal=subtotal,
        total=subtotal,
        amount_due=max(0, subtotal),
        starting_balance=life.customer.balance,
        customer_name=life.customer.name,
        customer_email=life.customer.email,
        country=life.customer.country,
    )
    life.save("invoice", made, "invoice.created")
    return made


def finalize(life: Life, identity: str) -> Invoice:
    """Number an invoice, set it against the customer's balance, and open it."""
    invoice: Invoice = life.book.get("invoice", identity)  # type: ignore[assignment]
    customer = life.customer
    owed = invoice.total + customer.balance
    opened = replace(
        invoice,
        status="open",
        number=f"{customer.invoice_prefix}-{customer.next_number:04d}",
        starting_balance=customer.balance,
        ending_balance=min(0, owed),
        amount_due=max(0, owed),
        finalized_at=life.now,
    )
    life.update_customer(
        balance=min(0, owed), next_number=customer.next_number + 1, currency=invoice.currency
    )
    life.save("invoice", opened, "invoice.finalized")
    return opened
