"""Facts about an invented account, as small immutable records; instants are Unix seconds."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    name: str
    created: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Tier:
    up_to: int | None
    unit_amount: Decimal | None
    flat_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Hold a price; `unit_amount` is in minor units with up to 12 decimals."""

    id: str
    product: str
    currency: str
    created: int
    unit_amount: Decimal | None = None
    interval: str | None = "month"
    interval_count: int = 1
    usage_type: str = "licensed"
    nickname: str | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    divide_by: int | None = None
    round: str = "up"
    tax_behavior: str = "unspecified"
    currency_options: tuple[tuple[str, Decimal], ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Coupon:
    id: str
    name: str
    created: int
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    duration: str = "forever"
    duration_in_months: int | None = None
    products: tuple[str, ...] = ()
    currency_options: tuple[tuple[str, int], ...] = ()
    times_redeemed: int = 0
    valid: bool = True


@dataclass(frozen=True, slots=True)
class PromotionCode:
    id: str
    code: str
    coupon: str
    created: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class TaxRate:
    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool
    country: str
    created: int


@dataclass(frozen=True, slots=True)
class Discount:
    id: str
    coupon: Coupon
    start: int
    end: int | None = None
    customer: str | None = None
    subscription: str | None = None
    item: str | None = None
    promotion_code: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    created: int
    name: str
    email: str
    country: str
    payment_method: str
    invoice_prefix: str
    currency: str | None = None
    balance: int = 0
    delinquent: bool = False
    next_number: int = 1
    discount: Discount | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    id: str
    customer: str
    created: int
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    subscription: str
    price: Price
    quantity: int | None
    created: int
    period_start: int
    period_end: int
    discounts: tuple[Discount, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
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


@dataclass(frozen=True, slots=True)
class Phase:
    start: int
    end: int
    items: tuple[tuple[str, int], ...]
    proration_behavior: str = "create_prorations"


@dataclass(frozen=True, slots=True)
class Schedule:
    id: str
    customer: str
    created: int
    currency: str
    phases: tuple[Phase, ...]
    status: str = "active"
    subscription: str | None = None
    completed_at: int | None = None
    released_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tax:
    rate: TaxRate
    amount: int
    taxable: int


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """Hold a pending charge or credit; `item` is None for one made by hand."""

    id: str
    customer: str
    created: int
    amount: int
    currency: str
    description: str
    period_start: int
    period_end: int
    price: Price | None
    quantity: int
    proration: bool = False
    subscription: str | None = None
    item: str | None = None
    credits: tuple[str, str] | None = None
    invoice: str | None = None
    tax_rates: tuple[TaxRate, ...] = ()
    discounts: tuple[Discount, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one invoice line; `credits` names the (invoice, line) that a proration credit undoes."""

    id: str
    invoice: str
    amount: int
    currency: str
    description: str
    period_start: int
    period_end: int
    price: Price | None
    quantity: int | None
    subscription: str | None = None
    item: str | None = None
    invoice_item: str | None = None
    proration: bool = False
    credits: tuple[str, str] | None = None
    discount_amounts: tuple[tuple[str, int], ...] = ()
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoice:
    id: str
    customer: str
    created: int
    currency: str
    status: str
    reason: str
    lines: tuple[Line, ...]
    number: str | None = None
    subscription: str | None = None
    collection_method: str = "charge_automatically"
    period_start: int = 0
    period_end: int = 0
    subtotal: int = 0
    total: int = 0
    amount_due: int = 0
    amount_paid: int = 0
    starting_balance: int = 0
    ending_balance: int | None = None
    attempt_count: int = 0
    next_attempt: int | None = None
    due_date: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    discounts: tuple[Discount, ...] = ()
    post_payment_credit: int = 0
    pre_payment_credit: int = 0
    customer_name: str = ""
    customer_email: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """Hold one payment of one invoice: a PaymentIntent and its InvoicePayment."""

    id: str
    payment_id: str
    customer: str
    invoice: str
    created: int
    amount: int
    currency: str
    status: str
    payment_method: str
    charge: str | None = None
    paid_at: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    id: str
    customer: str
    created: int
    amount: int
    currency: str
    intent: str
    transaction: str | None
    payment_method: PaymentMethod
    failure: str | None = None
    refunded: int = 0
    refunds: tuple["Refund", ...] = ()
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    customer: str
    created: int
    amount: int
    currency: str
    charge: str
    intent: str
    transaction: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """Hold one movement of the account's Stripe balance."""

    id: str
    created: int
    amount: int
    fee: int
    currency: str
    type: str
    source: str


@dataclass(frozen=True, slots=True)
class CreditNote:
    id: str
    customer: str
    invoice: str
    created: int
    currency: str
    number: str
    lines: tuple[tuple[str, str, int, int | None], ...]
    refunds: tuple[tuple[str, int], ...] = ()
    reason: str | None = None
    post_payment: bool = True


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    customer: str
    charge: str
    intent: str
    created: int
    amount: int
    currency: str
    status: str


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    country: str
    currency: str
    created: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one change: the record after it, and before it where it was an update."""

    id: str
    created: int
    type: str
    kind: str
    after: object
    before: object | None = None
