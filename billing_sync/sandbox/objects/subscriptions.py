"""Subscriptions, their items, and schedules."""

from collections.abc import Sequence
from functools import lru_cache

from billing_sync.sandbox.records import Item, Phase, Schedule, Subscription

from .catalog import plan, price, tax_rate
from .json import Json, embedded

SELF = {"type": "self"}
PRICES = 256
# Many items share a price: it is built once, and never changed where it stands.
_plan, _price = lru_cache(PRICES)(plan), lru_cache(PRICES)(price)
NULLS: Json = {
    "application": None,
    "application_fee_percent": None,
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "billing_cycle_anchor_config": None,
    "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
    "billing_schedules": [],
    "billing_thresholds": None,
    "customer_account": None,
    "default_source": None,
    "description": None,
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": SELF,
    },
    "managed_payments": {"enabled": False},
    "metadata": {},
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "test_clock": None,
    "transfer_data": None,
}


def subscription(record: Subscription, live: bool) -> Json:
    """Return a subscription with at most ten of its items."""
    return {
        "id": record.id,
        "object": "subscription",
        **NULLS,
        "billing_cycle_anchor": record.anchor,
        **_cancellation(record),
        "collection_method": record.collection_method,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer,
        "days_until_due": record.days_until_due,
        "default_payment_method": record.payment_method,
        "default_tax_rates": [tax_rate(rate, live) for rate in record.tax_rates],
        "discounts": [discount.id for discount in record.discounts],
        "ended_at": record.ended_at,
        "items": embedded(
            [subscription_item(item, live) for item in record.items[:10]],
            f"/v1/subscription_items?subscription={record.id}",
            len(record.items),
        ),
        "latest_invoice": record.latest_invoice,
        "livemode": live,
        "pause_collection": _pause(record),
        "schedule": record.schedule,
        "start_date": record.start_date,
        "status": record.status,
        "trial_end": record.trial_end,
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": "now",
                "missing_payment_method": record.missing_payment_method,
            }
        },
        "trial_start": record.trial_start,
    }


def _cancellation(record: Subscription) -> Json:
    return {
        "cancel_at": record.cancel_at,
        "cancel_at_period_end": record.cancel_at_period_end,
        "canceled_at": record.canceled_at,
        "cancellation_details": {
            "comment": None,
            "feedback": record.feedback,
            "feedback_option": None,
            "reason": record.reason,
        },
    }


def _pause(record: Subscription) -> Json | None:
    if record.pause_behavior is None:
        return None
    return {"behavior": record.pause_behavior, "resumes_at": record.resumes_at}


def subscription_item(record: Item, live: bool) -> Json:
    """Return a subscription item; a metered one has no quantity."""
    shown = {
        "id": record.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": record.created,
        "current_period_end": record.period_end,
        "current_period_start": record.period_start,
        "current_trial": _trial(record),
        "discounts": [discount.id for discount in record.discounts],
        "metadata": {},
        "plan": _plan(record.price, live),
        "price": _price(record.price, live),
        "quantity": record.quantity,
        "subscription": record.subscription,
        "tax_rates": [tax_rate(rate, live) for rate in record.tax_rates],
    }
    if record.quantity is None:
        del shown["quantity"]
    return shown


def _trial(record: Item) -> Json | None:
    if record.trial_start is None:
        return None
    offer = f"toff_{record.id.removeprefix('si_')}"
    return {"end_date": record.trial_end, "start_date": record.trial_start, "trial_offer": offer}


def subscription_schedule(record: Schedule, live: bool) -> Json:
    """Return a subscription schedule with its phases."""
    current = _current(record.phases) if record.status == "active" else None
    return {
        "id": record.id,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": NULLS["billing_mode"],
        "canceled_at": None,
        "completed_at": record.completed_at,
        "created": record.created,
        "current_phase": current,
        "customer": record.customer,
        "customer_account": None,
        "default_settings": _defaults(),
        "end_behavior": "release",
        "livemode": live,
        "metadata": {},
        "pause_schedules": [],
        "phases": [_phase(phase, record.currency) for phase in record.phases],
        "released_at": record.released_at,
        "released_subscription": None if record.released_at is None else record.subscription,
        "status": record.status,
        "subscription": record.subscription if record.released_at is None else None,
        "test_clock": None,
    }


def _current(phases: Sequence[Phase]) -> Json | None:
    if not phases:
        return None
    return {"end_date": phases[0].end, "start_date": phases[0].start}


def _defaults() -> Json:
    return {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": SELF,
        },
        "on_behalf_of": None,
        "transfer_data": None,
    }


def _phase(record: Phase, currency: str) -> Json:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": record.end,
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": {},
                "plan": name,
                "price": name,
                "quantity": quantity,
                "tax_rates": [],
            }
            for name, quantity in record.items
        ],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": record.proration_behavior,
        "start_date": record.start,
        "transfer_data": None,
        "trial_end": None,
    }
