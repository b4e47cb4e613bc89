"""Subscription schedules: changes planned for the end of a period."""

from collections.abc import Sequence

from msgspec.structs import replace

from .life import Life
from .periods import next_boundary
from .records import Item, Phase, Price, Schedule, Subscription


def plan(life: Life, name: str, *steps: Sequence[tuple[Price, int]]) -> None:
    """Plan a subscription's items to become others when its present period ends, and again after it."""
    subscription = life.subscription(name)
    first = subscription.items[0]
    now = tuple((item.price.id, item.quantity or 0) for item in subscription.items)
    phases = [Phase(first.period_start, first.period_end, now)]
    for orders in steps:
        price, start = orders[0][0], phases[-1].end
        until = next_boundary(subscription.anchor, price.interval or "month", price.interval_count, start)
        then = tuple((order.id, quantity) for order, quantity in orders)
        phases.append(Phase(start, until, then, proration_behavior="none"))
    made = Schedule(
        life.new_id("sub_sched"),
        subscription.customer,
        life.now,
        subscription.currency,
        tuple(phases),
        subscription=name,
    )
    life.save("subscription_schedule", made, "subscription_schedule.created")
    life.save_subscription(replace(subscription, schedule=made.id))
    life.at(phases[-1].end, lambda: _complete(life, made.id))


def planned_items(life: Life, subscription: Subscription) -> tuple[Item, ...]:
    """Return the items that a renewal at this instant bills, as the schedule has them."""
    schedule = life.book.get("subscription_schedule", subscription.schedule or "")
    if schedule is None or schedule.status != "active":
        return subscription.items
    due = next((phase for phase in schedule.phases if phase.start == life.now), None)
    if due is None:
        return subscription.items
    prices = {price.id: price for price in life.book.all("price")}
    return tuple(
        replace(item, price=prices[name], quantity=quantity)
        for item, (name, quantity) in zip(subscription.items, due.items, strict=True)
    )


def _complete(life: Life, identity: str) -> None:
    schedule = life.book.get("subscription_schedule", identity)
    if schedule is None:
        return
    released = replace(schedule, status="released", released_at=life.now)
    life.save("subscription_schedule", released, "subscription_schedule.released")
    subscription = life.subscription(schedule.subscription)
    if subscription.ended_at is None:
        life.save_subscription(replace(subscription, schedule=None))
