"""Subscriptions, their items and schedules, and the customers who have them."""

from msgspec import Struct

from metrics.build.payloads.catalogue import Discount, DiscountList, Price, TaxRates
from metrics.build.payloads.common import Page, Reference


class Trial(Struct, gc=False):
    start_date: int | None = None
    end_date: int | None = None


class Item(Struct):
    id: str
    price: Price | str | None = None
    quantity: int | None = None
    created: int | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    discounts: DiscountList = None
    tax_rates: TaxRates = None
    current_trial: Trial | None = None


class Cancellation(Struct, gc=False):
    reason: str | None = None
    feedback: str | None = None


class Subscription(Struct):
    id: str
    status: str = ""
    currency: str = ""
    start_date: int | None = None
    created: int | None = None
    items: Page[Item] | None = None
    collection_method: str | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    canceled_at: int | None = None
    cancel_at: int | None = None
    ended_at: int | None = None
    pause_collection: dict[str, object] | None = None
    discounts: DiscountList = None
    default_tax_rates: TaxRates = None
    cancellation_details: Cancellation | None = None


class PhaseItem(Struct):
    price: Reference = None
    quantity: int | None = None


class Phase(Struct):
    start_date: int | None = None
    currency: str | None = None
    collection_method: str | None = None
    items: list[PhaseItem] | None = None


class Schedule(Struct):
    id: str
    status: str = ""
    created: int | None = None
    subscription: Reference = None
    phases: list[Phase] | None = None


class Customer(Struct):
    id: str = ""
    discount: Discount | None = None
