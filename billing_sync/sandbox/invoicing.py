"""Invoices from draft to their end."""

from msgspec.structs import replace

from .discounting import bound, discounted, taxed
from .life import DAY, Life
from .lines import take_pending
from .records import Invoice, Line, Subscription

HOUR = 3_600


def draft(life: Life, subscription: Subscription, lines: list[Line], invoice: str, reason: str) -> Invoice:
    """Write a draft invoice: pending items first, then the given lines."""
    discounts = bound(life, subscription)
    lines = discounted(take_pending(life, subscription.id, invoice) + lines, discounts)
    lines = taxed(lines, subscription)
    subtotal = sum(line.amount for line in lines)
    off = sum(amount for line in lines for _, amount in line.discount_amounts)
    added = sum(tax.amount for line in lines for tax in line.taxes if not tax.rate.inclusive)
    total = subtotal - off + added
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
        total=total,
        amount_due=max(0, total),
        starting_balance=life.customer.balance,
        discounts=tuple(discount for discount, only in discounts if only is None),
        customer_name=life.customer.name,
        customer_email=life.customer.email,
        country=life.customer.country,
    )
    life.save("invoice", made, "invoice.created")
    return made


def finalize(life: Life, identity: str, days_until_due: int | None = None) -> Invoice:
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
        due_date=None if days_until_due is None else life.now + days_until_due * DAY,
    )
    life.update_customer(
        balance=min(0, owed), next_number=customer.next_number + 1, currency=invoice.currency
    )
    life.save("invoice", opened, "invoice.finalized")
    return opened


def void(life: Life, identity: str) -> None:
    """Void an invoice that nobody paid."""
    invoice: Invoice = life.book.get("invoice", identity)  # type: ignore[assignment]
    changed = replace(invoice, status="void", voided_at=life.now, next_attempt=None)
    life.save("invoice", changed, "invoice.voided")


def write_off(life: Life, identity: str) -> None:
    """Mark an invoice as uncollectible."""
    invoice: Invoice = life.book.get("invoice", identity)  # type: ignore[assignment]
    changed = replace(invoice, status="uncollectible", uncollectible_at=life.now, next_attempt=None)
    life.save("invoice", changed, "invoice.marked_uncollectible")
