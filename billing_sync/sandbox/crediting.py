"""What gives money back: refunds, credit notes, disputes."""

from msgspec.structs import replace

from .life import Life
from .records import Charge, CreditLine, CreditNote, Dispute, Intent, Invoice, Refund, Transaction


def paid_invoices(life: Life, name: str, since: int) -> list[Invoice]:
    """Return a subscription's invoices created since an instant and paid by card, oldest first."""
    mine = life.book.oldest_first("invoice", since, life.now, (0, ""), customer=life.customer.id)
    return [one for _, one in mine if one.subscription == name and one.amount_paid and one.id in life.intents]


def refund(life: Life, invoice: Invoice, amount: int | None = None) -> Refund:
    """Give back a paid invoice, or a part of it."""
    intent: Intent = life.book.get("payment_intent", life.intents[invoice.id])  # type: ignore[assignment]
    charge: Charge = life.book.get("charge", intent.charge or "")  # type: ignore[assignment]
    made = Refund(
        life.new_id("re"),
        invoice.customer,
        life.now,
        charge.amount - charge.refunded if amount is None else amount,
        charge.currency,
        charge.id,
        intent.id,
        life.new_id("txn"),
    )
    moved = Transaction(made.transaction, life.now, -made.amount, 0, made.currency, "refund", made.id)
    life.book.put("balance_transaction", moved)
    life.save("refund", made, "refund.created")
    changed = replace(charge, refunded=charge.refunded + made.amount, refunds=(*charge.refunds, made))
    life.save("charge", changed, "charge.refunded")
    return made


def credit_note(life: Life, invoice: Invoice, amount: int) -> CreditNote:
    """Credit a part of a paid invoice's first line, and refund it."""
    given = refund(life, invoice, amount)
    line = CreditLine(life.new_id("cnli"), invoice.lines[0].id, amount, invoice.lines[0].quantity)
    made = CreditNote(
        life.new_id("cn"),
        invoice.customer,
        invoice.id,
        life.now,
        invoice.currency,
        f"{invoice.number}-CN-01",
        (line,),
        ((given.id, amount),),
        "product_unsatisfactory",
    )
    life.save("credit_note", made, "credit_note.created")
    credited = replace(invoice, post_payment_credit=invoice.post_payment_credit + amount)
    life.save("invoice", credited, "invoice.updated")
    return made


def dispute(life: Life, invoice: Invoice) -> None:
    """Let the customer's bank dispute a payment."""
    intent: Intent = life.book.get("payment_intent", life.intents[invoice.id])  # type: ignore[assignment]
    charge: Charge = life.book.get("charge", intent.charge or "")  # type: ignore[assignment]
    made = Dispute(
        life.new_id("du"),
        invoice.customer,
        charge.id,
        intent.id,
        life.now,
        charge.amount,
        charge.currency,
        "needs_response",
    )
    life.save("dispute", made, "charge.dispute.created")
    life.save("charge", replace(charge, disputed=True), "charge.updated")
