"""A random company in which much is decided for the weeks ahead, and some of it is overtaken."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_sync.sandbox import changing, pausing, scheduling, subscribing
from billing_sync.sandbox.company import Company, scripted
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.stories import Habits, Telling
from billing_sync.sandbox.stories.ordinary import first_item
from billing_sync.sandbox.subscribing import Terms

PLANS = ("Team monthly", "Business monthly", "Team yearly", "Weekly", "Graduated", "Euro")
COUPONS = ("SPRING", "GRATIS", "QUARTER", "TWENTY")
Deed = Callable[[Life, str], None]


def leave(life: Life, sub: str) -> None:
    changing.cancel_at_period_end(life, sub, feedback="too_expensive")


def pause(life: Life, sub: str) -> None:
    pausing.pause(life, sub, "void")


def plan_more(life: Life, sub: str) -> None:
    held = first_item(life, sub)
    quantity = held.quantity or 1
    scheduling.plan(life, sub, [(held.price, quantity + 3)], [(held.price, quantity + 1)])


def leave_now(life: Life, sub: str) -> None:
    subscribing.end(life, sub)


def another_seat(life: Life, sub: str) -> None:
    changing.change(life, sub, first_item(life, sub).id, quantity=(first_item(life, sub).quantity or 1) + 1)


def refuse_card(life: Life, sub: str) -> None:
    life.card_fails = True


DECISIONS: tuple[Deed | None, ...] = (leave, leave, plan_more, pause, None, None)
OVERTAKING: tuple[Deed, ...] = (leave_now, another_seat, refuse_card, changing.keep)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What a customer did after the calendar was made, by name, and when."""

    deed: str
    at: int


def telling(
    chance: random.Random, now: datetime, overtaken: dict[str, Overtaken]
) -> tuple[Telling, datetime]:
    """Return a customer's story, and when it begins: what is decided by now, and what comes over it."""
    tries = chance.choice((0, 0, 0, 7, 14, 30))
    ago = chance.randint(1, max(tries, 3) if tries else 100)
    began = now - timedelta(days=ago, seconds=chance.randint(0, 80_000))
    plan, coupon, seats = chance.choice(PLANS), chance.choice((None, None, *COUPONS)), chance.randint(1, 4)
    decision, overtaking = chance.choice(DECISIONS), chance.choice((*OVERTAKING, *[None] * 12))
    decided_on = now - timedelta(days=chance.randint(0, 3), hours=chance.randint(1, 20))
    overtaken_on = now + timedelta(days=chance.randint(1, 29))

    def story(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        coupons = (life.catalog.coupons[coupon],) if coupon and plan != "Euro" else ()
        terms = Terms(trial_days=tries, coupons=coupons)
        sub = subscribing.subscribe(life, [(life.catalog.prices[plan], seats)], terms)
        for at, deed in ((decided_on, decision), (overtaken_on, overtaking)):
            yield max(life.now + 60, int(at.timestamp()))
            held = life.subscription(sub)
            leaves = deed is leave and held.cancel_at_period_end
            if deed is None or held.ended_at is not None or leaves:
                continue
            if life.now > now.timestamp():
                overtaken[life.customer.id] = Overtaken(deed.__name__, life.now)
            deed(life, sub)

    return story, began


def company(seed: int, customers: int, now: datetime) -> tuple[Company, dict[str, Overtaken]]:
    """Return the company, the same for a seed, and who did what later, filled as its clock moves on."""
    chance, overtaken = random.Random(seed), dict[str, Overtaken]()
    told = [telling(chance, now, overtaken) for _ in range(customers)]
    return scripted(told, now, f"outlook/{seed}"), overtaken
