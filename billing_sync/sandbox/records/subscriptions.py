"""Subscriptions, their items, and schedules."""

from .offers import Price, TaxRate
from .people import Discount
from .record import Record


class Item(Record, frozen=True):
    id: str
    subscription: str
    price: Price
    quantity: int | None
    created: int
    period_start: int
    period_end: int
    discounts: tuple[Discount, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    trial_start: int | None = None
    trial_end: int | None = None


class Subscription(Record, frozen=True):
    id: str
    customer: str
    created: int
    start_date: int
    anchor: int
    status: str
    currency: str
    items: tuple[Item, ...]
    collection_method: str = "charge_automatically"
    days_until_due: int | None = None
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    feedback: str | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    pause_behavior: str | None = None
    resumes_at: int | None = None
    discounts: tuple[Discount, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    latest_invoice: str | None = None
    payment_method: str | None = None
    schedule: str | None = None
    missing_payment_method: str = "create_invoice"


class Phase(Record, frozen=True):
    start: int
    end: int
    items: tuple[tuple[str, int], ...]
    proration_behavior: str = "create_prorations"


class Schedule(Record, frozen=True):
    id: str
    customer: str
    created: int
    currency: str
    phases: tuple[Phase, ...]
    status: str = "active"
    subscription: str | None = None
    completed_at: int | None = None
    released_at: int | None = None
