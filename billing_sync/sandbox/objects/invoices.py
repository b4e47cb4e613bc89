"""Invoices, their lines, and pending invoice items."""

from billing_sync.sandbox.records import Invoice, InvoiceItem, Line, Price, Tax

from .catalog import tax_rate
from .customers import address
from .json import Json, decimal, embedded
from .subscriptions import SELF

NULLS: Json = {
    "account_country": "US",
    "account_name": "Millwheel Software",
    "account_tax_ids": None,
    "amount_overpaid": 0,
    "amount_shipping": 0,
    "application": None,
    "automatic_tax": {
        "disabled_reason": None,
        "enabled": False,
        "liability": None,
        "provider": None,
        "status": None,
    },
    "custom_fields": None,
    "customer_account": None,
    "customer_phone": None,
    "customer_shipping": None,
    "customer_tax_exempt": "none",
    "customer_tax_ids": [],
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "footer": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": SELF,
    "last_finalization_error": None,
    "latest_revision": None,
    "metadata": {},
    "on_behalf_of": None,
    "payment_settings": {
        "default_mandate": None,
        "payment_method_options": None,
        "payment_method_types": None,
    },
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "statement_descriptor": None,
    "test_clock": None,
    "total_pretax_credit_amounts": [],
}
HOUR = 3_600


def invoice(record: Invoice, live: bool) -> Json:
    """Return an invoice with at most ten of its lines."""
    draft = record.status == "draft"
    return {
        "id": record.id,
        "object": "invoice",
        **NULLS,
        **_amounts(record),
        "attempt_count": record.attempt_count,
        "attempted": record.attempt_count > 0 or record.status == "paid",
        "auto_advance": draft or (record.status == "open" and record.next_attempt is not None),
        "automatically_finalizes_at": record.created + HOUR if draft else None,
        "billing_reason": record.reason,
        "collection_method": record.collection_method,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "customer_address": address(record.country) if record.country else None,
        "customer_email": record.customer_email or None,
        "customer_name": record.customer_name or None,
        "discounts": [discount.id for discount in record.discounts],
        "due_date": record.due_date,
        "effective_at": record.finalized_at,
        "lines": embedded(
            [line_item(line, live) for line in record.lines[:10]],
            f"/v1/invoices/{record.id}/lines",
            len(record.lines),
        ),
        "livemode": live,
        "next_payment_attempt": record.created + HOUR if draft else record.next_attempt,
        "number": record.number,
        "parent": _parent(record),
        "period_end": record.period_end,
        "period_start": record.period_start,
        "status": record.status,
        "status_transitions": _transitions(record),
        "webhooks_delivered_at": record.finalized_at,
    }


def _transitions(record: Invoice) -> Json:
    return {
        "finalized_at": record.finalized_at,
        "marked_uncollectible_at": record.uncollectible_at,
        "paid_at": record.paid_at,
        "voided_at": record.voided_at,
    }


def _amounts(record: Invoice) -> Json:
    remaining = 0 if record.status == "paid" else record.amount_due - record.amount_paid
    taxes = [tax for line in record.lines for tax in line.taxes]
    return {
        "amount_due": record.amount_due,
        "amount_paid": record.amount_paid,
        "amount_remaining": remaining,
        "ending_balance": record.ending_balance,
        "post_payment_credit_notes_amount": record.post_payment_credit,
        "pre_payment_credit_notes_amount": record.pre_payment_credit,
        "starting_balance": record.starting_balance,
        "subtotal": record.subtotal,
        "subtotal_excluding_tax": record.subtotal - _inclusive(taxes),
        "total": record.total,
        "total_discount_amounts": _total_discounts(record),
        "total_excluding_tax": record.total - sum(tax.amount for tax in taxes),
        "total_taxes": _total_taxes(taxes),
    }


def _parent(record: Invoice) -> Json | None:
    if record.subscription is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": record.subscription},
        "type": "subscription_details",
    }


def _inclusive(taxes: list[Tax]) -> int:
    return sum(tax.amount for tax in taxes if tax.rate.inclusive)


def _total_discounts(record: Invoice) -> list[Json]:
    amounts: dict[str, int] = {}
    for line in record.lines:
        for name, amount in line.discount_amounts:
            amounts[name] = amounts.get(name, 0) + amount
    return [{"amount": amount, "discount": name} for name, amount in amounts.items()]


def _total_taxes(taxes: list[Tax]) -> list[Json]:
    if not taxes:
        return []
    rates = {tax.rate.id: tax.rate for tax in taxes}
    totals = []
    for name, rate in rates.items():
        mine = [tax for tax in taxes if tax.rate.id == name]
        totals.append(Tax(rate, sum(t.amount for t in mine), sum(t.taxable for t in mine)))
    return [_tax(total) for total in totals]


def _tax(record: Tax) -> Json:
    return {
        "amount": record.amount,
        "tax_behavior": "inclusive" if record.rate.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": record.rate.id},
        "taxability_reason": "not_available",
        "taxable_amount": record.taxable,
        "type": "tax_rate_details",
    }


def line_item(record: Line, live: bool) -> Json:
    """Return an invoice line."""
    return {
        "id": record.id,
        "object": "line_item",
        "amount": record.amount,
        "currency": record.currency,
        "description": record.description,
        "discount_amounts": [
            {"amount": amount, "discount": name} for name, amount in record.discount_amounts
        ],
        "discountable": not record.proration,
        "discounts": [name for name, _ in record.discount_amounts],
        "invoice": record.invoice,
        "livemode": live,
        "metadata": {},
        "parent": _line_parent(record),
        "period": {"end": record.period_end, "start": record.period_start},
        "pretax_credit_amounts": [],
        "pricing": _pricing(record.price, record.proration),
        "quantity": record.quantity,
        "quantity_decimal": None if record.quantity is None else str(record.quantity),
        "subtotal": record.amount,
        "taxes": [_tax(tax) for tax in record.taxes],
    }


def _pricing(price: Price | None, proration: bool) -> Json | None:
    if price is None:
        return None
    amount = None if proration or price.tiers else decimal(price.unit_amount)
    return {
        "price_details": {"price": price.id, "product": price.product},
        "type": "price_details",
        "unit_amount_decimal": amount,
    }


def _line_parent(record: Line) -> Json | None:
    credited = None
    if record.credits is not None:
        credited = {"invoice": record.credits[0], "invoice_line_items": [record.credits[1]]}
    details = {"invoice_item": record.invoice_item, "proration": record.proration}
    if record.item is None:
        if record.invoice_item is None:
            return None
        manual = {**details, "proration_details": None, "subscription": record.subscription}
        return {
            "invoice_item_details": manual,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    mine = {
        **details,
        "proration_details": {"credited_items": credited},
        "subscription": record.subscription,
        "subscription_item": record.item,
    }
    return {
        "invoice_item_details": None,
        "subscription_item_details": mine,
        "type": "subscription_item_details",
    }


def invoiceitem(record: InvoiceItem, live: bool) -> Json:
    """Return an invoice item, pending while it has no invoice."""
    if record.deleted:
        return {"id": record.id, "object": "invoiceitem", "deleted": True}
    shown = {
        "id": record.id,
        "object": "invoiceitem",
        "amount": record.amount,
        "currency": record.currency,
        "customer": record.customer,
        "customer_account": None,
        "date": record.created,
        "description": record.description,
        "discountable": not record.proration,
        "discounts": [discount.id for discount in record.discounts],
        "invoice": record.invoice,
        "livemode": live,
        "metadata": {},
        "net_amount": record.amount,
        "parent": _item_parent(record),
        "period": {"end": record.period_end, "start": record.period_start},
        "pricing": _pricing(record.price, record.proration),
        "proration": record.proration,
        "quantity": record.quantity,
        "quantity_decimal": str(record.quantity),
        "tax_rates": [tax_rate(rate, live) for rate in record.tax_rates],
        "test_clock": None,
    }
    if record.proration:
        shown["proration_details"] = {"credited_items": _credited(record), "discount_amounts": []}
    return shown


def _item_parent(record: InvoiceItem) -> Json | None:
    if record.subscription is None:
        return None
    details = {"subscription": record.subscription}
    if record.item is not None:
        details["subscription_item"] = record.item
    return {"subscription_details": details, "type": "subscription_details"}


def _credited(record: InvoiceItem) -> Json | None:
    if record.credits is None:
        return None
    invoice, name = record.credits
    if invoice == "":
        return {"invoice_item": name, "type": "invoice_item"}
    return {
        "invoice_line_item_details": {"invoice": invoice, "invoice_line_items": [name]},
        "type": "invoice_line_items",
    }
