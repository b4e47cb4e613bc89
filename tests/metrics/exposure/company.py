"""Customers in each of whom one thing puts MRR at risk, and what is known of it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.company import Company, scripted
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.stories import Habits, Telling
from billing_sync.sandbox.stories.ordinary import first_item
from billing_sync.sandbox.subscribing import Terms
from tests.metrics.conftest import NOW

CENT = 1_000_000
Known = list[tuple[str, int]]


def a_while(
    act: Callable[[Life, str], None] | None = None,
    *,
    days: int = 0,
    plan: str = "Team monthly",
    coupons: Sequence[str] = (),
    terms: Terms | None = None,
) -> Telling:
    """Return a story of two seats on a plan, and of one deed some days later."""

    def told(life: Life, habits: Habits) -> Story:
        yield life.now + 60
        held = Terms(coupons=tuple(life.catalog.coupons[name] for name in coupons))
        sub = subscribing.subscribe(life, [(life.catalog.prices[plan], 2)], terms or held)
        if act is not None:
            yield life.now + days * DAY
            act(life, sub)

    return told


def refuse_card(life: Life, sub: str) -> None:
    life.card_fails = True


def leave(life: Life, sub: str) -> None:
    changing.cancel_at_period_end(life, sub, feedback="too_expensive")


def give_up_a_seat(life: Life, sub: str) -> None:
    changing.change(life, sub, first_item(life, sub).id, quantity=1)


def give_up_a_seat_and_refuse(life: Life, sub: str) -> None:
    give_up_a_seat(life, sub)
    refuse_card(life, sub)


# A story, how many days ago it began, and the diagnoses that it comes to, the largest first.
STORIES: dict[str, tuple[Telling, int, Known]] = {
    "calm": (a_while(), 100, []),
    "late": (a_while(refuse_card, days=40), 64, [("past_due", 9_800 * CENT)]),
    "leaving": (a_while(leave, days=40), 50, [("canceling", 9_800 * CENT)]),
    "trying": (a_while(terms=Terms(trial_days=14)), 5, [("trial_ending", 9_800 * CENT)]),
    "trying_long": (a_while(terms=Terms(trial_days=30)), 5, []),
    "half_price": (a_while(coupons=["SPRING"]), 80, [("coupon_ending", 4_900 * CENT)]),
    "half_price_for_long": (a_while(coupons=["SPRING"]), 20, []),
    "old_card": (a_while(), 60, [("card_expiring", 9_800 * CENT)]),
    "renewing": (a_while(plan="Team yearly"), 320, [("renewal", 8_166_666_667)]),
    "shrinking": (a_while(give_up_a_seat, days=80), 90, [("contraction", 4_900 * CENT)]),
    "late_and_shrinking": (
        a_while(give_up_a_seat_and_refuse, days=40),
        64,
        [("past_due", 4_900 * CENT), ("contraction", 4_900 * CENT)],
    ),
}


def company(now: datetime = NOW, more: Sequence[tuple[Telling, int]] = ()) -> Company:
    """Return the company: a customer for each story in turn, and more who live others."""
    told = [*((telling, days) for telling, days, _ in STORIES.values()), *more]
    return scripted([(telling, now - timedelta(days=days)) for telling, days in told], now)
