"""Credit notes and their lines."""

from billing_sync.sandbox.records import CreditLine, CreditNote

from .json import Json, embedded

NULLS: Json = {
    "amount_shipping": 0,
    "customer_account": None,
    "customer_balance_transaction": None,
    "discount_amount": 0,
    "discount_amounts": [],
    "memo": None,
    "metadata": {},
    "out_of_band_amount": None,
    "pretax_credit_amounts": [],
    "shipping_cost": None,
    "status": "issued",
    "total_taxes": [],
    "voided_at": None,
}


def credit_note(record: CreditNote, live: bool) -> Json:
    """Return a credit note with at most ten of its lines."""
    total = sum(line.amount for line in record.lines)
    return {
        "id": record.id,
        "object": "credit_note",
        **NULLS,
        "amount": total,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "effective_at": record.created,
        "invoice": record.invoice,
        "lines": embedded(
            [credit_note_line_item(line, live) for line in record.lines[:10]],
            f"/v1/credit_notes/{record.id}/lines",
            len(record.lines),
        ),
        "livemode": live,
        "number": record.number,
        "pdf": f"https://pay.stripe.com/credit_notes/{record.id}/pdf",
        "post_payment_amount": total if record.post_payment else 0,
        "pre_payment_amount": 0 if record.post_payment else total,
        "reason": record.reason,
        "refunds": [_refund(name, amount) for name, amount in record.refunds],
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
        "type": "post_payment" if record.post_payment else "pre_payment",
    }


def _refund(name: str, amount: int) -> Json:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": name, "type": "refund"}


def credit_note_line_item(record: CreditLine, live: bool) -> Json:
    """Return one line of a credit note."""
    return {
        "id": record.id,
        "object": "credit_note_line_item",
        "amount": record.amount,
        "description": "Credit",
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": record.line,
        "livemode": live,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": record.quantity,
        "tax_rates": [],
        "taxes": [],
        "type": "invoice_line_item",
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
