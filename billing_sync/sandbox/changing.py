"""What changes on a running subscription."""

from collections.abc import Callable

from msgspec.structs import replace

from .collecting import collect
from .invoicing import draft
from .life import DAY, Life
from .lines import prorate
from .records import Coupon, Item, Price
from .subscribing import bill, discount_of, renew, start_period_now


def change(
    life: Life,
    name: str,
    item: str,
    price: Price | None = None,
    quantity: int | None = None,
    proration: str = "create_prorations",
) -> None:
    """Change an item's price or quantity now; another interval starts a new period at once."""
    subscription = life.subscription(name)
    old = next(found for found in subscription.items if found.id == item)
    new = replace(old, price=price or old.price, quantity=old.quantity if quantity is None else quantity)
    items = tuple(new if found.id == item else found for found in subscription.items)
    if _restarts(old.price, new.price):
        prorate(life, subscription, old, new, restarts=True)
        start_period_now(life, name, items=items)
        return
    if proration == "none":
        life.ledger.only_events_tell(item, life.now, "change without proration")
    else:
        prorate(life, subscription, old, new)
    life.save_subscription(replace(subscription, items=items))
    if proration == "always_invoice":
        invoice_now(life, name)


def _restarts(old: Price, new: Price) -> bool:
    became_paid = old.unit_amount == 0 and new.unit_amount != 0
    return became_paid or (old.interval, old.interval_count) != (new.interval, new.interval_count)


def invoice_now(life: Life, name: str) -> None:
    """Bill a subscription's pending items at once."""
    subscription = life.subscription(name)
    invoice = life.new_id("in")
    draft(life, subscription, [], invoice, "subscription_update")
    life.save_subscription(replace(subscription, latest_invoice=invoice))
    collect(life, name, invoice)


def add_item(life: Life, name: str, price: Price, quantity: int, on_trial: bool = False) -> str:
    """Add an item for the rest of the period, which may be a trial of it, and return its id."""
    subscription = life.subscription(name)
    first = subscription.items[0]
    added = Item(life.new_id("si"), name, price, quantity, life.now, first.period_start, first.period_end)
    if on_trial:
        added = replace(added, period_start=life.now, trial_start=life.now, trial_end=added.period_end)
    grown = replace(subscription, items=(*subscription.items, added))
    prorate(life, grown, None, added)
    life.save_subscription(grown)
    return added.id


def remove_item(life: Life, name: str, item: str) -> None:
    """Remove an item, crediting the rest of its period."""
    subscription = life.subscription(name)
    old = next(found for found in subscription.items if found.id == item)
    prorate(life, subscription, old, None)
    life.ledger.clear(item, life.now)
    left = tuple(found for found in subscription.items if found.id != item)
    life.save_subscription(replace(subscription, items=left))


def apply_coupon(life: Life, name: str, coupon: Coupon) -> None:
    """Put a discount on a running subscription, in place of any other."""
    subscription = life.subscription(name)
    discount = discount_of(life, coupon, name)
    life.save_subscription(replace(subscription, discounts=(discount,)))
    if discount.end is not None:
        life.at(discount.end, _revalue(life, name))


def remove_coupon(life: Life, name: str) -> None:
    """Take the discounts off a subscription before they end."""
    subscription = life.subscription(name)
    life.ledger.only_events_tell(name, life.now, "discount removed early")
    for discount in subscription.discounts:
        life.announce("customer.discount.deleted", "discount", discount)
    life.save_subscription(replace(subscription, discounts=()))


def discount_customer(life: Life, coupon: Coupon) -> None:
    """Put a discount on the customer: it acts on subscriptions without one of their own until it ends."""
    discount = discount_of(life, coupon, None)
    life.update_customer(discount=discount)
    if discount.end is not None:
        life.at(discount.end, lambda: _relieve(life))


def _relieve(life: Life) -> None:
    life.update_customer(discount=None)
    for _, subscription in life.book.newest_first("subscription", 0, life.now, customer=life.customer.id):
        if subscription.ended_at is None:
            life.value(subscription)


def grant_trial(life: Life, name: str, days: int) -> None:
    """Give a paying subscription some days for nothing: the next charge comes when they are over."""
    until = life.now + days * DAY
    running = life.subscription(name)
    items = tuple(replace(item, period_start=life.now, period_end=until) for item in running.items)
    given = replace(
        running, status="trialing", trial_start=life.now, trial_end=until, anchor=until, items=items
    )
    collect(life, name, bill(life, given, "subscription_update"))
    life.at(until, lambda: renew(life, name))


def _revalue(life: Life, name: str) -> Callable[[], None]:
    return lambda: life.value(life.subscription(name))


def cancel_at_period_end(life: Life, name: str, feedback: str | None = None) -> None:
    """Ask for the end of a subscription at the end of its period."""
    subscription = life.subscription(name)
    life.save_subscription(
        replace(
            subscription,
            cancel_at_period_end=True,
            cancel_at=subscription.items[0].period_end,
            canceled_at=life.now,
            reason="cancellation_requested",
            feedback=feedback,
        )
    )


def keep(life: Life, name: str) -> None:
    """Undo a cancellation that was to come at the end of the period."""
    life.save_subscription(
        replace(
            life.subscription(name),
            cancel_at_period_end=False,
            cancel_at=None,
            canceled_at=None,
            reason=None,
            feedback=None,
        )
    )
