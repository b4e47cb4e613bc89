"""The plain business: seats, plans, cancellations and returns."""

from collections.abc import Callable
from dataclasses import dataclass

from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.records import Item, Price

FEEDBACK = ("too_expensive", "missing_features", "unused", "switched_service", "customer_service")


@dataclass(frozen=True, slots=True)
class Habits:
    """Set how an ordinary customer behaves; all but the seats are weights or chances in a hundred."""

    terms: tuple[tuple[str, int], ...] = (("monthly", 70), ("quarterly", 12), ("yearly", 18))
    more_seats: int = 34
    fewer_seats: int = 16
    upgrade: int = 16
    downgrade: int = 10
    cancel_now: int = 9
    cancel_at_period_end: int = 15
    returns: int = 30
    billed_at_once: int = 35
    most_seats: int = 12


Telling = Callable[[Life, Habits], Story]


def ordinary(life: Life, habits: Habits) -> Story:
    """Subscribe, change now and then, leave perhaps, come back perhaps."""
    while True:
        yield life.now + life.rng.randint(60, 3_600)
        price = life.rng.choice(life.catalog.terms[life.pick(habits.terms)])
        sub = subscribing.subscribe(life, [(price, life.rng.randint(1, habits.most_seats))])
        while life.subscription(sub).ended_at is None:
            yield life.days(15, 170)
            if life.subscription(sub).ended_at is None:
                act(life, sub, habits)
        if life.rng.randint(1, 100) > habits.returns:
            return
        yield life.days(5, 200)


def act(life: Life, sub: str, habits: Habits) -> None:
    """Do one ordinary thing to a running subscription that is not about to end."""
    deed = life.pick(
        (
            (more_seats, habits.more_seats),
            (fewer_seats, habits.fewer_seats),
            (upgrade, habits.upgrade),
            (downgrade, habits.downgrade),
            (cancel_now, habits.cancel_now),
            (cancel_at_period_end, habits.cancel_at_period_end),
        )
    )
    if not life.subscription(sub).cancel_at_period_end:
        deed(life, sub, habits)


def first_item(life: Life, sub: str) -> Item:
    """Return a subscription's first item."""
    return life.subscription(sub).items[0]


def prorated(life: Life, habits: Habits) -> str:
    """Choose whether a change is billed at once or with the next invoice."""
    at_once = life.rng.randint(1, 100) <= habits.billed_at_once
    return "always_invoice" if at_once else "create_prorations"


def more_seats(life: Life, sub: str, habits: Habits) -> None:
    """Buy more seats in the middle of a period."""
    item = first_item(life, sub)
    quantity = (item.quantity or 0) + life.rng.randint(1, 6)
    changing.change(life, sub, item.id, quantity=quantity, proration=prorated(life, habits))


def fewer_seats(life: Life, sub: str, habits: Habits) -> None:
    """Give up seats in the middle of a period, keeping at least one."""
    item = first_item(life, sub)
    quantity = max(1, (item.quantity or 0) - life.rng.randint(1, 4))
    if quantity != item.quantity:
        changing.change(life, sub, item.id, quantity=quantity, proration=prorated(life, habits))


def upgrade(life: Life, sub: str, habits: Habits) -> None:
    """Move to the next dearer plan of the same term."""
    _move(life, sub, habits, 1)


def downgrade(life: Life, sub: str, habits: Habits) -> None:
    """Move to the next cheaper plan of the same term."""
    _move(life, sub, habits, -1)


def _move(life: Life, sub: str, habits: Habits, steps: int) -> None:
    item = first_item(life, sub)
    ladder = next(prices for prices in life.catalog.terms.values() if item.price in prices)
    place = ladder.index(item.price) + steps
    if 0 <= place < len(ladder):
        price: Price = ladder[place]
        changing.change(life, sub, item.id, price=price, proration=prorated(life, habits))


def cancel_now(life: Life, sub: str, habits: Habits) -> None:
    """Leave at once, in the middle of a period."""
    subscribing.end(life, sub, feedback=life.rng.choice(FEEDBACK))


def cancel_at_period_end(life: Life, sub: str, habits: Habits) -> None:
    """Ask to leave at the end of the period."""
    changing.cancel_at_period_end(life, sub, feedback=life.rng.choice(FEEDBACK))
