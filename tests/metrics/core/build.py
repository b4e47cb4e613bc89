"""Facts for tests: prices, lines, invoices and states with everything unremarkable filled in."""

from calendar import timegm
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from metrics.core.definition import Definition
from metrics.core.facts import (
    Catalogue,
    Coupon,
    Customer,
    Discount,
    Invoice,
    ItemState,
    Line,
    Price,
    Subscription,
    SubscriptionState,
    Tier,
)
from metrics.core.history import history
from metrics.core.intervals import windows
from metrics.core.ledger import Segment, segments
from metrics.core.movements import Movement, movements, steps


def at(text: str) -> int:
    """Return unix seconds of an UTC date, with or without a time."""
    return timegm(datetime.fromisoformat(text).timetuple())


def price(name: str, amount: int | str, interval: str | None = "month", count: int = 1, **more: Any) -> Price:
    amounts = {"eur": (Tier(None, Fraction(amount)),)}
    return replace(Price(name, f"prod_{name}", amounts, interval, count), **more)


BASIC = price("basic", 1000)
PRO = price("pro", 3000)
YEARLY = price("yearly", 12000, "year", product="prod_basic")
FREE = price("free", 0)
SETUP = price("setup", 5000, None)
CALLS = price("calls", 2, metered=True)
GROSS = price("gross", 1190, tax_inclusive=True)
CUSTOM = price("custom", 0, amounts={"eur": ()})
PRICES = {one.id: one for one in (BASIC, PRO, YEARLY, FREE, SETUP, CALLS, GROSS, CUSTOM)}
COUPONS = {
    one.id: one
    for one in (
        Coupon("half", "forever", percent_off=Fraction(50)),
        Coupon("tenth", "repeating", percent_off=Fraction(10), duration_in_months=3),
        Coupon("once", "once", percent_off=Fraction(100)),
        Coupon("five", "forever", amounts_off={"eur": 500}),
        Coupon("pro_only", "forever", percent_off=Fraction(20), products=frozenset({"prod_pro"})),
    )
}
CATALOGUE = Catalogue(PRICES, COUPONS)


def line(name: str, start: str, end: str, quantity: int = 1, amount: int | None = None, **more: Any) -> Line:
    """Return a regular line of the item `si`; its amount is the price's unless told."""
    each = sum(tier.unit_amount for tier in PRICES[name].amounts["eur"])
    full = int(each * quantity) if amount is None else amount
    identity = more.pop("id", f"il_{name}_{start}_{quantity}_{full}")
    return Line(identity, "si", name, quantity, full, at(start), at(end))._replace(**more)


def invoice(start: str, *lines: Line, **more: Any) -> Invoice:
    """Return an invoice paid at once."""
    made = at(start)
    paid = Invoice(
        f"in_{start}",
        "paid",
        made,
        lines,
        "eur",
        "subscription_cycle",
        finalized_at=made,
        paid_at=made,
        amount_paid=max(0, sum(one.amount - one.discount_amount for one in lines)),
    )
    return paid._replace(**more)


def item(name: str, quantity: int | None = 1, **more: Any) -> ItemState:
    return ItemState("si", name, quantity)._replace(**more)


def state(when: str, start: str, *items: ItemState, status: str = "active", **more: Any) -> SubscriptionState:
    """Return a state shown by an event at a time, of a subscription started at another."""
    shown = SubscriptionState(at(when), status, "eur", at(start), items, f"evt_{when}", at(start))
    return shown._replace(**more)


def customer(*subscriptions: Subscription, **more: Any) -> Customer:
    return replace(Customer("cus", subscriptions, {}), **more)


def discount(name: str, coupon: str, start: str, end: str | None = None, **more: Any) -> Discount:
    made = Discount(name, coupon, at(start), at(end) if end else None, "sub")
    return replace(made, **more)


def ledger(facts: Customer, definition: Definition | None = None, **settings: Any) -> tuple[Segment, ...]:
    """Value a customer's history under the default definition with some settings changed."""
    rules = replace(definition or Definition(), **settings)
    return segments(history(facts, CATALOGUE).configurations, CATALOGUE, rules)


def spans(valued: tuple[Segment, ...]) -> list[tuple[str, str | None, int]]:
    """Return the segments above 0 as dates and minor units, for reading."""
    return [
        (day(one.start) or "", day(one.end), one.mrr_micro // 1_000_000) for one in valued if one.mrr_micro
    ]


def precision(one: Segment) -> str:
    """Return `period` where a bound was dated for want of a trace."""
    return "exact" if one.start_exact and one.end_exact else "period"


def day(when: int | None) -> str | None:
    if when is None:
        return None
    text = datetime.fromtimestamp(when, UTC).isoformat().removesuffix("+00:00")
    return text.removesuffix("T00:00:00")


def moved(valued: tuple[Segment, ...], window: str = "day", zone: str = "UTC") -> tuple[Movement, ...]:
    return movements(steps(valued), windows(window, zone))
