"""Customers who change what they have in less plain ways."""

from billing_sync.sandbox import changing, scheduling, subscribing
from billing_sync.sandbox.life import DAY, Life, Story

from .ordinary import Habits, first_item


def to_yearly(life: Life, habits: Habits) -> Story:
    """Move from a month to a year in the middle of a month."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], life.rng.randint(1, 9))])
    yield life.days(40, 90)
    changing.change(life, sub, first_item(life, sub).id, price=life.catalog.prices["Team yearly"])


def to_monthly(life: Life, habits: Habits) -> Story:
    """Move from a quarter to a month in the middle of a quarter."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Scale quarterly"], 2)])
    yield life.days(100, 160)
    changing.change(life, sub, first_item(life, sub).id, price=life.catalog.prices["Scale monthly"])


def add_on(life: Life, habits: Habits) -> Story:
    """Add a second item in the middle of a period, and drop it in a later one."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)])
    yield life.days(35, 55)
    added = changing.add_item(life, sub, life.catalog.prices["Add-on"], life.rng.randint(1, 5))
    yield life.days(70, 110)
    changing.remove_item(life, sub, added)


def two_subscriptions(life: Life, habits: Habits) -> Story:
    """Hold two subscriptions, and end one of them."""
    yield life.days(0.01, 0.1)
    first = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 4)])
    yield life.days(20, 60)
    subscribing.subscribe(life, [(life.catalog.prices["Scale yearly"], 1)])
    yield life.days(50, 100)
    subscribing.end(life, first, feedback="unused")


def replaced(life: Life, habits: Habits) -> Story:
    """Replace one subscription by another at the same instant."""
    yield life.days(0.01, 0.1)
    first = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 4)])
    yield life.days(50, 100)
    subscribing.end(life, first)
    subscribing.subscribe(life, [(life.catalog.prices["Business yearly"], 4)])


def undone_cancellation(life: Life, habits: Habits) -> Story:
    """Ask to leave at the end of the period, and think better of it."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 5)])
    yield life.now + life.rng.randint(32, 40) * DAY
    changing.cancel_at_period_end(life, sub, feedback="too_expensive")
    yield life.days(2, 10)
    changing.keep(life, sub)


def without_proration(life: Life, habits: Habits) -> Story:
    """Take more seats in the middle of a period without any proration."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 5)])
    yield life.days(40, 80)
    changing.change(life, sub, first_item(life, sub).id, quantity=8, proration="none")


def planned(life: Life, habits: Habits) -> Story:
    """Plan an upgrade for the next period with a schedule."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 2)])
    yield life.days(40, 50)
    scheduling.plan(life, sub, [(life.catalog.prices["Business monthly"], 3)])


def other_currency(life: Life, habits: Habits) -> Story:
    """Leave in one currency, and come back in another the same hour."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 2)])
    yield life.days(60, 90)
    subscribing.end(life, sub)
    yield life.now + 600
    subscribing.subscribe(life, [(life.catalog.prices["Euro"], 3)])


def undone_change(life: Life, habits: Habits) -> Story:
    """Take more seats, and give them back an hour later, before either was billed."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 5)])
    yield life.days(40, 50)
    changing.change(life, sub, first_item(life, sub).id, quantity=9)
    yield life.now + 3_600
    changing.change(life, sub, first_item(life, sub).id, quantity=5)


STORIES = (
    to_yearly,
    to_monthly,
    add_on,
    two_subscriptions,
    replaced,
    undone_cancellation,
    without_proration,
    planned,
    other_currency,
    undone_change,
)
