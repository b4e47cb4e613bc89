"""The parts of Stripe's objects that history needs, read laxly: what is absent is None."""

from decimal import Decimal
from typing import Generic, TypeVar

from msgspec import Struct, field

Any_ = TypeVar("Any_")


class Named(Struct, gc=False):
    """An object expanded where only its id matters."""

    id: str = ""


Reference = str | Named | None


class Page(Struct, Generic[Any_]):
    """An embedded list."""

    data: list[Any_] = field(default_factory=list)
    has_more: bool = False


class Tier(Struct, gc=False):
    up_to: int | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount: int | None = None
    flat_amount_decimal: Decimal | None = None


class Amount(Struct):
    """What a price or one of its currency options asks."""

    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None


class Recurring(Struct, gc=False):
    interval: str = "month"
    interval_count: int = 1
    usage_type: str | None = None


class Transform(Struct, gc=False):
    divide_by: int = 1
    round: str = "up"


class Price(Struct):
    id: str
    currency: str = ""
    product: Reference = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None
    tiers_mode: str | None = None
    currency_options: dict[str, Amount] | None = None
    recurring: Recurring | None = None
    transform_quantity: Transform | None = None
    tax_behavior: str | None = None


class AmountOff(Struct, gc=False):
    amount_off: int | None = None


class Products(Struct):
    products: list[str] | None = None


class Coupon(Struct):
    id: str
    duration: str | None = None
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    currency_options: dict[str, AmountOff] | None = None
    duration_in_months: int | None = None
    applies_to: Products | None = None


class CouponSource(Struct):
    coupon: str | Coupon | None = None


class Discount(Struct):
    id: str = ""
    source: CouponSource | None = None
    coupon: str | Coupon | None = None
    start: int | None = None
    end: int | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None


DiscountList = list[str | Discount | None] | None


class TaxRate(Struct, gc=False):
    inclusive: bool = False
    percentage: Decimal | None = None
    effective_percentage: Decimal | None = None


TaxRates = list[TaxRate | str | None] | None


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


class Period(Struct, gc=False):
    start: int | None = None
    end: int | None = None


class PriceDetails(Struct):
    price: Reference = None


class Pricing(Struct):
    price_details: PriceDetails | None = None


class ProrationDetails(Struct):
    credited_items: dict[str, object] | None = None


class LineDetails(Struct):
    subscription: str | None = None
    subscription_item: str | None = None
    proration: bool | None = None
    proration_details: ProrationDetails | None = None


class LineParent(Struct):
    subscription_item_details: LineDetails | None = None
    invoice_item_details: LineDetails | None = None


class DiscountAmount(Struct, gc=False):
    amount: int = 0
    discount: Reference = None


class Tax(Struct, gc=False):
    amount: int = 0
    tax_behavior: str | None = None


class Line(Struct):
    id: str
    amount: int = 0
    quantity: int | None = None
    period: Period | None = None
    parent: LineParent | None = None
    pricing: Pricing | None = None
    discounts: DiscountList = None
    discount_amounts: list[DiscountAmount] | None = None
    taxes: list[Tax] | None = None


class SubscriptionDetails(Struct, gc=False):
    subscription: Reference = None
    subscription_item: str | None = None


class Parent(Struct):
    subscription_details: SubscriptionDetails | None = None


class Transitions(Struct, gc=False):
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    marked_uncollectible_at: int | None = None


class Invoice(Struct):
    id: str
    status: str | None = None
    created: int | None = None
    currency: str = ""
    lines: Page[Line] | None = None
    parent: Parent | None = None
    billing_reason: str | None = None
    collection_method: str | None = None
    attempted: bool | None = None
    amount_paid: int | None = None
    due_date: int | None = None
    status_transitions: Transitions | None = None
    discounts: DiscountList = None


class InvoiceItem(Struct):
    id: str
    amount: int = 0
    currency: str = ""
    date: int | None = None
    invoice: Reference = None
    period: Period | None = None
    parent: Parent | None = None
    pricing: Pricing | None = None
    quantity: int | None = None
    proration: bool = False
    proration_details: ProrationDetails | None = None
    discounts: DiscountList = None


class Payment(Struct):
    payment_intent: Reference = None
    charge: Reference = None


class InvoicePayment(Struct):
    id: str
    invoice: Reference = None
    payment: Payment | None = None


class Refund(Struct):
    id: str
    amount: int = 0
    created: int | None = None
    status: str | None = None
    payment_intent: Reference = None
    charge: Reference = None


class NotedRefund(Struct):
    refund: Reference = None
    amount_refunded: int | None = None


class CreditNote(Struct):
    id: str
    invoice: Reference = None
    status: str | None = None
    out_of_band_amount: int | None = None
    refunds: list[NotedRefund] | None = None


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


class EventData(Struct, Generic[Any_]):
    object: Any_


class Event(Struct, Generic[Any_]):
    """An event and the whole object that it shows."""

    id: str
    data: EventData[Any_]
    created: int | None = None
    type: str = ""
