"""Credit notes and their lines."""

from billing_sync.sandbox.records import CreditLine, CreditNote

from .json import Json, embedded


def credit_note(record: CreditNote, live: bool) -> Json:
    """Return a credit note with at most ten of its lines."""
    total = sum(line.amount for line in record.lines)
    return {
        "id": record.id,
        "object": "credit_note",
        "amount": total,
        "amount_shipping": 0,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": record.created,
        "invoice": record.invoice,
        "lines": embedded(
            [credit_note_line_item(line, live) for line in record.lines[:10]],
            f"/v1/credit_notes/{record.id}/lines",
            len(record.lines),
        ),
        "livemode": live,
        "memo": None,
        "metadata": {},
        "number": record.number,
        "out_of_band_amount": None,
        "pdf": f"https://pay.stripe.com/credit_notes/{record.id}/pdf",
        "post_payment_amount": total if record.post_payment else 0,
        "pre_payment_amount": 0 if record.post_payment else total,
        "pretax_credit_amounts": [],
        "reason": record.reason,
        "refunds": [
            {"amount_refunded": amount, "payment_record_refund": None, "refund": name, "type": "refund"}
            for name, amount in record.refunds
        ],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
        "total_taxes": [],
        "type": "post_payment" if record.post_payment else "pre_payment",
        "voided_at": None,
    }


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
