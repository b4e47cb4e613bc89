"""What Stripe said: immutable facts in Stripe's nouns; instants are unix seconds, absent is None.

Amounts are minor units; decimals are exact fractions. References between objects are Stripe ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

Exact = int | Fraction


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a price; `up_to` None has no upper bound, and is all there is of an amount per unit."""

    up_to: int | None
    unit_amount: Exact = 0
    flat_amount: Exact = 0


@dataclass(frozen=True, slots=True)
class Price:
    """A Stripe price; `amounts` holds the tiers of its own currency and of every currency option."""

    id: str
    product: str
    amounts: Mapping[str, Sequence[Tier]]
    interval: str | None = "month"
    interval_count: int = 1
    metered: bool = False
    tiers_mode: str | None = None
    divide_by: int | None = None
    round: str = "up"
    tax_inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon; `amounts_off` holds its own currency and every option, `products` empty means all."""

    id: str
    duration: str
    percent_off: Fraction | None = None
    amounts_off: Mapping[str, int] | None = None
    duration_in_months: int | None = None
    products: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon at work on an item, a subscription, or (neither given) a customer."""

    id: str
    coupon: str
    start: int
    end: int | None = None
    subscription: str | None = None
    subscription_item: str | None = None

    @property
    def of_customer(self) -> bool:
        """Tell whether it lies on the customer."""
        return self.subscription is None and self.subscription_item is None


class ItemState(NamedTuple):
    """One item of a subscription as a snapshot shows it; the percentage sums its inclusive tax rates."""

    id: str
    price: str
    quantity: int | None = 1
    created: int | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    discounts: tuple[str, ...] = ()
    inclusive_tax_percent: Fraction | None = None
    trial_start: int | None = None
    trial_end: int | None = None


class SubscriptionState(NamedTuple):
    """A whole subscription as an event's object showed it at `created`, or as it was last fetched.

    `cancellation` is a reason code: the word itself, then Stripe's reason and feedback.
    """

    at: int
    status: str
    currency: str
    start_date: int
    items: tuple[ItemState, ...]
    event: str | None = None
    created: int | None = None
    collection_method: str = "charge_automatically"
    trial_start: int | None = None
    trial_end: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None
    pause_collection: bool = False
    discounts: tuple[str, ...] = ()
    cancellation: str = "cancellation"


class Line(NamedTuple):
    """An invoice line for a subscription item; `amount` is Stripe's, before discounts.

    `credited` tells that `proration_details.credited_items` is set; `discounts` joins the ids of
    `discounts` and `discount_amounts`; `discount_amount` and `inclusive_tax` are sums.
    """

    id: str
    subscription_item: str | None
    price: str | None
    quantity: int | None
    amount: int
    period_start: int
    period_end: int
    proration: bool = False
    credited: bool = False
    discounts: tuple[str, ...] = ()
    discount_amount: int = 0
    inclusive_tax: int = 0


class Invoice(NamedTuple):
    """An invoice of a subscription; `payments` are ids of payment intents and charges that paid it."""

    id: str
    status: str
    created: int
    lines: tuple[Line, ...]
    currency: str = ""
    billing_reason: str | None = None
    collection_method: str = "charge_automatically"
    attempted: bool = True
    amount_paid: int = 0
    due_date: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    marked_uncollectible_at: int | None = None
    discounts: tuple[str, ...] = ()
    payments: tuple[str, ...] = ()

    @property
    def opened(self) -> int:
        """Return when it was finalized, or at least made."""
        return self.created if self.finalized_at is None else self.finalized_at

    @property
    def paid(self) -> int | None:
        """Return when it was paid, by whatever means; an archive may tell only that it was."""
        if self.paid_at is not None or self.status != "paid":
            return self.paid_at
        return self.opened


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back; `payments` are ids of the payment intent and the charge that it came through."""

    id: str
    amount: int
    status: str | None = "succeeded"
    payments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note: the refunds it names with their amounts, and what was given back outside Stripe."""

    invoice: str
    refunds: tuple[tuple[str, int], ...] = ()
    out_of_band_amount: int = 0
    status: str = "issued"


@dataclass(frozen=True, slots=True)
class Phase:
    """The start of a schedule's phase and the (price, quantity) pairs that it sets."""

    start: int
    items: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """All that is known of one subscription: its present state, its logged states, its invoices.

    A schedule that has not started is one with the status `not_started`, `start_date` the day of
    signing and `ended_at` the start of its first phase.
    """

    id: str
    present: SubscriptionState | None = None
    snapshots: tuple[SubscriptionState, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything one payer's history is made from; discounts are all that were ever seen, by id.

    `discount` is the one that the customer's own object shows as it was fetched at `fetched_at`.
    """

    id: str
    subscriptions: tuple[Subscription, ...]
    discounts: Mapping[str, Discount]
    refunds: tuple[Refund, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    discount: str | None = None
    fetched_at: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Prices and coupons by id, shared by all customers of a connection."""

    prices: Mapping[str, Price]
    coupons: Mapping[str, Coupon]
