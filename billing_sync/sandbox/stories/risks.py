"""Customers whose revenue is at risk again and again, so that at any time some of them are."""

from datetime import UTC, datetime

from msgspec.structs import replace

from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.records import PaymentMethod
from billing_sync.sandbox.subscribing import Terms

from .ordinary import FEEDBACK, Habits, Telling


def pays_late(life: Life, habits: Habits) -> Story:
    """Have every other renewal declined, and paid twelve days later."""
    yield life.days(0.01, 0.1)
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], life.rng.randint(1, 4))])
    yield life.now + 40 * DAY
    while True:
        life.card_fails = True
        yield life.now + 33 * DAY
        life.card_fails = False
        yield life.now + 28 * DAY


def tries_again(life: Life, habits: Habits) -> Story:
    """Try for two weeks, pay for a while, leave, and come back to try again."""
    yield life.days(0.01, 0.1)
    while True:
        seats = life.rng.randint(1, 6)
        sub = subscribing.subscribe(
            life, [(life.catalog.prices["Team monthly"], seats)], Terms(trial_days=14)
        )
        yield life.days(8, 36)
        subscribing.end(life, sub, feedback=life.rng.choice(FEEDBACK))
        yield life.days(2, 12)


def haggles(life: Life, habits: Habits) -> Story:
    """Ask for half the price for three months, again and again."""
    yield life.days(0.01, 0.1)
    coupon = life.catalog.coupons["SPRING"]
    order = (life.catalog.prices["Team monthly"], life.rng.randint(2, 8))
    sub = subscribing.subscribe(life, [order], Terms(coupons=(coupon,)))
    while True:
        yield life.days(94, 99)
        changing.apply_coupon(life, sub, coupon)


def changes_cards(life: Life, habits: Habits) -> Story:
    """Pay with cards that are good for three months."""
    yield life.days(0.01, 0.1)
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], life.rng.randint(1, 5))])
    while True:
        card = life.book.get("payment_method", life.customer.payment_method or "")
        assert isinstance(card, PaymentMethod)
        last = datetime.fromtimestamp(life.now + 75 * DAY, UTC)
        life.save("payment_method", replace(card, exp_year=last.year, exp_month=last.month))
        yield life.now + 75 * DAY


def gives_up_seats(life: Life, habits: Habits) -> Story:
    """Take more seats for a busy month, and give them up after it."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 4)])
    while True:
        for quantity in (9, 4):
            yield life.days(25, 35)
            changing.change(life, sub, life.subscription(sub).items[0].id, quantity=quantity)


STORIES: dict[str, Telling] = {
    story.__name__: story for story in (pays_late, tries_again, haggles, changes_cards, gives_up_seats)
}
