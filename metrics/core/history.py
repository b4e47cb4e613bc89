"""From facts to configurations: what was configured from when to when, whatever the definition says."""

from dataclasses import dataclass
from fractions import Fraction

from metrics.core.facts import Catalogue, Customer


@dataclass(frozen=True, slots=True)
class Applied:
    """A discount in effect: its coupon, and whether it sits on the item alone."""

    discount: str
    coupon: str
    on_item: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """One item over `[start, end)` with nothing about it changing; `end` None is open.

    All items of a subscription are cut at the same instants. `precision` is `period` when a bound
    was dated by a period boundary for want of a trace. `tax_share` is the inclusive tax in the price,
    None when the price includes tax of an unknown rate. `unpaid_since` is the due instant of the
    oldest invoice unpaid for a day or more. `usage` is the mean of the last three metered amounts.
    """

    subscription: str
    item: str
    start: int
    end: int | None
    price: str
    quantity: int
    currency: str
    status: str = "active"
    paid: bool = True
    collection_paused: bool = False
    cancel_requested: bool = False
    refunded: bool = False
    unpaid_since: int | None = None
    discounts: tuple[Applied, ...] = ()
    tax_share: Fraction | None = Fraction(0)
    usage: Fraction | None = None
    cancellation: str = ""
    evidence: tuple[str, ...] = ()
    precision: str = "exact"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that could not be used: its Stripe id and the rule that says why."""

    object_id: str
    rule: str


@dataclass(frozen=True, slots=True)
class History:
    """One customer's configurations by subscription, start and item, and the facts left over."""

    configurations: tuple[Configuration, ...]
    set_aside: tuple[SetAside, ...] = ()


def history(customer: Customer, catalogue: Catalogue) -> History:
    """Return what the customer's subscriptions were configured as, from invoice lines and events."""
    raise NotImplementedError
