"""What Stripe does to a subscription: start, renew, change, end."""

from collections.abc import Sequence
from dataclasses import replace

from .invoicing import HOUR, draft, finalize
from .life import Life
from .lines import has_pending, prorate, regular_line
from .paying import attempt
from .periods import next_boundary
from .records import Item, Price, Subscription


def subscribe(life: Life, orders: Sequence[tuple[Price, int]]) -> str:
    """Start a subscription that is paid at once, and return its id."""
    first = orders[0][0]
    name = life.new_id("sub")
    end = next_boundary(life.now, first.interval or "month", first.interval_count, life.now)
    items = tuple(
        Item(life.new_id("si"), name, price, quantity, life.now, life.now, end) for price, quantity in orders
    )
    made = Subscription(
        name,
        life.customer.id,
        life.now,
        life.now,
        life.now,
        "active",
        first.currency,
        items,
        payment_method=life.customer.payment_method,
    )
    life.save_subscription(made, "customer.subscription.created")
    _bill(life, made, "subscription_create")
    _collect(life, name)
    life.count_from_now(life.subscription(name))
    life.at(end, lambda: renew(life, name))
    return name


def _bill(life: Life, subscription: Subscription, reason: str) -> None:
    invoice = life.new_id("in")
    lines = [regular_line(life, subscription, item, invoice) for item in subscription.items]
    draft(life, subscription, lines, invoice, reason)
    life.save_subscription(replace(subscription, latest_invoice=invoice))


def _collect(life: Life, subscription: str) -> None:
    invoice = life.subscription(subscription).latest_invoice
    if invoice is not None:
        attempt(life, finalize(life, invoice))


def renew(life: Life, name: str) -> None:
    """Begin the next period, and bill it an hour later, as Stripe does; or end the subscription."""
    subscription = life.subscription(name)
    if subscription.ended_at is not None or life.now != subscription.items[0].period_end:
        return
    if subscription.cancel_at_period_end:
        end(life, name)
        return
    price = subscription.items[0].price
    until = next_boundary(subscription.anchor, price.interval or "month", price.interval_count, life.now)
    items = tuple(
        replace(item, period_start=item.period_end, period_end=until) for item in subscription.items
    )
    _bill(life, replace(subscription, items=items), "subscription_cycle")
    life.at(life.now + HOUR, lambda: _collect(life, name))
    life.at(until, lambda: renew(life, name))


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
    if _term(new.price) != _term(old.price):
        _restart(life, subscription, old, new)
        return
    if proration != "none":
        prorate(life, subscription, old, new)
    items = tuple(new if found.id == item else found for found in subscription.items)
    life.save_subscription(replace(subscription, items=items))
    if proration == "always_invoice":
        invoice_now(life, name)


def invoice_now(life: Life, name: str) -> None:
    """Bill a subscription's pending items at once."""
    subscription = life.subscription(name)
    invoice = life.new_id("in")
    draft(life, subscription, [], invoice, "subscription_update")
    life.save_subscription(replace(subscription, latest_invoice=invoice))
    _collect(life, name)


def _term(price: Price) -> tuple[str | None, int]:
    return price.interval, price.interval_count


def _restart(life: Life, subscription: Subscription, old: Item, new: Item) -> None:
    prorate(life, subscription, old, None)
    until = next_boundary(life.now, new.price.interval or "month", new.price.interval_count, life.now)
    new = replace(new, period_start=life.now, period_end=until)
    items = tuple(new if found.id == old.id else found for found in subscription.items)
    name = subscription.id
    _bill(life, replace(subscription, items=items, anchor=life.now), "subscription_update")
    _collect(life, name)
    life.at(until, lambda: renew(life, name))


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


def end(life: Life, name: str, reason: str = "cancellation_requested", feedback: str | None = None) -> None:
    """End a subscription now; what is pending on it is billed if it ended with its period."""
    subscription = life.subscription(name)
    life.counting.discard(name)
    ended = replace(
        subscription,
        status="canceled",
        ended_at=life.now,
        canceled_at=subscription.canceled_at or life.now,
        reason=subscription.reason or reason,
        feedback=subscription.feedback or feedback,
    )
    life.save_subscription(ended, "customer.subscription.deleted")
    if life.now == subscription.items[0].period_end and has_pending(life, name):
        invoice = life.new_id("in")
        draft(life, ended, [], invoice, "subscription_cycle")
        attempt(life, finalize(life, invoice))


def delete_customer(life: Life) -> None:
    """Delete the customer; what is running ends at once."""
    for name, subscription in list(
        life.book.newest_first("subscription", 0, life.now, customer=life.customer.id)
    ):
        if subscription.ended_at is None:
            end(life, name)
    life.customer = replace(life.customer, deleted=True)
    life.save("customer", life.customer, "customer.deleted")
