"""Which subscriptions began on trial, and what became of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from metrics.cohorts.lives import Span
from metrics.core.intervals import FOREVER

RUNNING, WAITING, CONVERTED, ENDED = "running", "waiting", "converted", "ended"
STATES = (CONVERTED, ENDED, WAITING, RUNNING)
# What history calls an item that is on trial, and one whose first payment has not come.
ON_TRIAL, UNPAID = "trial", "first_payment"


class Trial(NamedTuple):
    """One subscription's trial: `converted_at` is when its MRR first stood above 0.

    Over and not yet paid it waits, as long as Stripe tries; what comes to neither has ended.
    """

    subscription: str
    currency: str
    price: str
    started_at: int
    state: str
    converted_at: int | None


def trials(spans: Iterable[Span]) -> list[Trial]:
    """Return the trials among all that one customer ever had."""
    subscriptions: dict[str, list[Span]] = defaultdict(list)
    for one in spans:
        subscriptions[one.subscription].append(one)
    found = (_of_subscription(name, own) for name, own in subscriptions.items())
    return [one for one in found if one is not None]


def _of_subscription(name: str, spans: Sequence[Span]) -> Trial | None:
    """Return a subscription's trial, None where it paid or was to pay for anything as the trial began."""
    tried = [one for one in spans if one.excluded == ON_TRIAL]
    if not tried:
        return None
    first = min(tried, key=lambda one: (one.start, one.price))
    at = first.start
    if any(one.start <= at and (one.mrr_micro or one.end > at) for one in spans if one not in tried):
        return None
    converted = min((one.start for one in spans if one.mrr_micro), default=None)
    state = CONVERTED if converted is not None else _state(spans)
    return Trial(name, first.currency, first.price, at, state, converted)


def _state(spans: Sequence[Span]) -> str:
    standing = {one.excluded for one in spans if one.end == FOREVER}
    if ON_TRIAL in standing:
        return RUNNING
    return WAITING if UNPAID in standing else ENDED
