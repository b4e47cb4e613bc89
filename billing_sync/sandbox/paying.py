"""Payments of invoices: intents, charges and what they move on the Stripe balance."""

from msgspec.structs import replace

from .life import DAY, Life
from .records import Charge, Intent, Invoice, Transaction

FEE_PER_MILLE = 29
FEE_FIXED = 30


def attempt(life: Life, invoice: Invoice) -> bool:
    """Try to collect an open invoice, and return whether it is paid now."""
    if invoice.amount_due == 0:
        _mark_paid(life, invoice)
        return True
    intent = _intent(life, invoice)
    charge = _charge(life, intent)
    if charge.failure:
        _fail(life, invoice, intent, charge)
        return False
    intent = replace(intent, status="succeeded", charge=charge.id, paid_at=life.now, failure=None)
    _save_intent(life, intent, "payment_intent.succeeded")
    _mark_paid(life, replace(invoice, amount_paid=invoice.amount_due))
    life.announce("invoice_payment.paid", "invoice_payment", intent)
    return True


def pay_by_transfer(life: Life, invoice: Invoice) -> None:
    """Mark an invoice as paid outside Stripe."""
    _mark_paid(life, replace(invoice, amount_paid=invoice.amount_due))


def _mark_paid(life: Life, invoice: Invoice) -> None:
    paid = replace(
        invoice,
        status="paid",
        paid_at=life.now,
        attempt_count=invoice.attempt_count + (1 if invoice.amount_due else 0),
        next_attempt=None,
    )
    life.save("invoice", paid, "invoice.paid")
    life.announce("invoice.payment_succeeded", "invoice", paid)


def _fail(life: Life, invoice: Invoice, intent: Intent, charge: Charge) -> None:
    failed = replace(intent, status="requires_payment_method", charge=charge.id, failure=charge.failure)
    _save_intent(life, failed, "payment_intent.payment_failed")
    open_still = replace(invoice, attempt_count=invoice.attempt_count + 1)
    life.save("invoice", open_still, "invoice.payment_failed")


def _intent(life: Life, invoice: Invoice) -> Intent:
    known = life.intents.get(invoice.id)
    if known is not None:
        found: Intent = life.book.get("payment_intent", known)  # type: ignore[assignment]
        return found
    intent = Intent(
        life.new_id("pi"),
        life.new_id("inpay"),
        invoice.customer,
        invoice.id,
        life.now,
        invoice.amount_due,
        invoice.currency,
        "requires_payment_method",
        life.customer.payment_method,
    )
    life.intents[invoice.id] = intent.id
    _save_intent(life, intent, "payment_intent.created")
    return intent


def _save_intent(life: Life, intent: Intent, event: str) -> None:
    life.save("payment_intent", intent, event)
    life.book.put("invoice_payment", intent, intent.payment_id)


def _charge(life: Life, intent: Intent) -> Charge:
    failure = "card_declined" if life.card_fails else None
    charge = Charge(
        life.new_id("ch"),
        intent.customer,
        life.now,
        intent.amount,
        intent.currency,
        intent.id,
        None if failure else life.new_id("txn"),
        life.book.get("payment_method", intent.payment_method),  # type: ignore[arg-type]
        failure,
    )
    life.save("charge", charge, "charge.failed" if failure else "charge.succeeded")
    if charge.transaction:
        fee = FEE_FIXED + charge.amount * FEE_PER_MILLE // 1_000
        moved = Transaction(
            charge.transaction, life.now, charge.amount, fee, charge.currency, "charge", charge.id
        )
        life.book.put("balance_transaction", moved)
    return charge


def available_on(transaction: Transaction) -> int:
    """Return when a balance movement can be paid out."""
    return transaction.created + 2 * DAY
