"""Payments: intents, invoice payments, charges, refunds, and the balance."""

from billing_sync.sandbox.paying import available_on
from billing_sync.sandbox.records import Charge, Intent, Refund, Transaction

from .customers import address
from .json import Json, embedded

INTENT_NULLS: Json = {
    "allowed_payment_method_types": None,
    "amount_capturable": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic",
    "confirmation_method": "automatic",
    "customer_account": None,
    "description": "Subscription update",
    "excluded_payment_method_types": None,
    "managed_payments": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {},
    "payment_method_types": ["card"],
    "payment_record": None,
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": "off_session",
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "transfer_group": None,
}
DECLINE = {"code": "card_declined", "decline_code": "generic_decline", "type": "card_error"}
CHARGE_NULLS: Json = {
    "application": None,
    "application_fee": None,
    "application_fee_amount": None,
    "calculated_statement_descriptor": "MILLWHEEL",
    "description": "Subscription update",
    "failure_balance_transaction": None,
    "fraud_details": {},
    "metadata": {},
    "on_behalf_of": None,
    "receipt_email": None,
    "receipt_number": None,
    "receipt_url": None,
    "review": None,
    "shipping": None,
    "source": None,
    "source_transfer": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "transfer_data": None,
    "transfer_group": None,
}
CARD_NULLS: Json = {
    "authorization_code": None,
    "checks": None,
    "electronic_commerce_indicator": None,
    "funding": "credit",
    "installments": None,
    "mandate": None,
    "network_transaction_id": None,
    "regulated_status": None,
    "three_d_secure": None,
    "transaction_link_id": None,
    "wallet": None,
}


def payment_intent(record: Intent, live: bool) -> Json:
    """Return the intent to pay an invoice."""
    return {
        "id": record.id,
        "object": "payment_intent",
        **INTENT_NULLS,
        "amount": record.amount,
        "amount_received": record.amount if record.status == "succeeded" else 0,
        "client_secret": None,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "last_payment_error": dict(DECLINE) if record.failure else None,
        "latest_charge": record.charge,
        "livemode": live,
        "payment_method": record.payment_method,
        "status": record.status,
    }


def invoice_payment(record: Intent, live: bool) -> Json:
    """Return the tie between an invoice and its payment intent."""
    paid = record.status == "succeeded"
    return {
        "id": record.payment_id,
        "object": "invoice_payment",
        "amount_paid": record.amount if paid else None,
        "amount_requested": record.amount,
        "created": record.created,
        "currency": record.currency,
        "invoice": record.invoice,
        "is_default": True,
        "livemode": live,
        "payment": {"payment_intent": record.id, "type": "payment_intent"},
        "status": {"succeeded": "paid", "canceled": "canceled"}.get(record.status, "open"),
        "status_transitions": {"canceled_at": None, "paid_at": record.paid_at},
    }


def charge(record: Charge, live: bool) -> Json:
    """Return one attempt to charge a card; its refunds must be asked for."""
    good = record.failure is None
    method = record.payment_method
    return {
        "id": record.id,
        "object": "charge",
        **CHARGE_NULLS,
        "amount": record.amount,
        "amount_captured": record.amount if good else 0,
        "amount_refunded": record.refunded,
        "balance_transaction": record.transaction,
        "billing_details": {
            "address": address(method.country),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "captured": good,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "disputed": record.disputed,
        "failure_code": record.failure,
        "failure_message": None if good else "Your card was declined.",
        "livemode": live,
        "outcome": _outcome(good),
        "paid": good,
        "payment_intent": record.intent,
        "payment_method": method.id,
        "payment_method_details": {"card": _card(record), "type": "card"},
        "refunded": 0 < record.amount <= record.refunded,
        "status": "succeeded" if good else "failed",
    }


def charge_refunds(record: Charge, live: bool) -> Json:
    """Return the ten newest refunds of a charge, which arrive only when asked for."""
    newest = [refund(one, live) for one in reversed(record.refunds)]
    return embedded(newest, f"/v1/charges/{record.id}/refunds")


def _outcome(good: bool) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if good else "declined_by_network",
        "reason": None if good else "generic_decline",
        "risk_level": "normal",
        "seller_message": "Payment complete." if good else "The bank declined the payment.",
        "type": "authorized" if good else "issuer_declined",
    }


def _card(record: Charge) -> Json:
    method = record.payment_method
    return {
        **CARD_NULLS,
        "amount_authorized": record.amount if record.failure is None else None,
        "brand": method.brand,
        "country": method.country,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "last4": method.last4,
        "network": method.brand,
    }


def refund(record: Refund, live: bool) -> Json:
    """Return a refund; refunds carry no livemode."""
    return {
        "id": record.id,
        "object": "refund",
        "amount": record.amount,
        "balance_transaction": record.transaction,
        "charge": record.charge,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "customer_account": None,
        "metadata": {},
        "payment_intent": record.intent,
        "payment_method": None,
        "reason": "requested_by_customer",
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def balance_transaction(record: Transaction, live: bool) -> Json:
    """Return a movement of the Stripe balance; it carries no livemode."""
    detail = {
        "amount": record.fee,
        "application": None,
        "currency": record.currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return {
        "id": record.id,
        "object": "balance_transaction",
        "amount": record.amount,
        "available_on": available_on(record),
        "balance_type": "payments",
        "created": record.created,
        "currency": record.currency,
        "description": None,
        "exchange_rate": None,
        "fee": record.fee,
        "fee_details": [detail] if record.fee else [],
        "net": record.amount - record.fee,
        "reporting_category": record.type,
        "source": record.source,
        "status": "available",
        "type": record.type,
    }
