"""Customers and their payment methods."""

from billing_sync.sandbox.records import Customer, PaymentMethod

from .catalog import discount
from .json import Json


def address(country: str) -> Json:
    """Return an address of which only the country is known."""
    return {
        "city": None,
        "country": country,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }


def customer(record: Customer, live: bool) -> Json:
    """Return a customer, or what is left of a deleted one."""
    if record.deleted:
        return {"id": record.id, "object": "customer", "deleted": True}
    return {
        "id": record.id,
        "object": "customer",
        "address": address(record.country),
        "balance": record.balance,
        "created": record.created,
        "currency": record.currency,
        "customer_account": None,
        "default_source": None,
        "delinquent": record.delinquent,
        "description": None,
        "discount": None if record.discount is None else discount(record.discount, live),
        "email": record.email,
        "invoice_prefix": record.invoice_prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": record.payment_method,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": live,
        "metadata": {},
        "name": record.name,
        "next_invoice_sequence": record.next_number,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def payment_method(record: PaymentMethod, live: bool) -> Json:
    """Return a card."""
    return {
        "id": record.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address(record.country),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": record.brand,
            "checks": None,
            "country": record.country,
            "display_brand": record.brand,
            "exp_month": record.exp_month,
            "exp_year": record.exp_year,
            "fingerprint": None,
            "funding": "credit",
            "generated_from": None,
            "last4": record.last4,
            "networks": None,
            "regulated_status": None,
            "three_d_secure_usage": None,
            "wallet": None,
        },
        "created": record.created,
        "customer": record.customer,
        "customer_account": None,
        "livemode": live,
        "metadata": {},
        "type": "card",
    }
