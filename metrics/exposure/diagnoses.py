"""Why some of a customer's MRR may go, and how much: from how the subscriptions stand on a local day.

What may go is MRR that counts today. The MRR of a trial, and of what a coupon gives for nothing, does not
count yet: there it is what would count once that is over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from metrics.core.intervals import day_start

PAST_DUE, CANCELING, TRIAL_ENDING = "past_due", "canceling", "trial_ending"
COUPON_ENDING, CARD_EXPIRING, RENEWAL, CONTRACTION = (
    "coupon_ending",
    "card_expiring",
    "renewal",
    "contraction",
)
DIAGNOSES = (PAST_DUE, CANCELING, TRIAL_ENDING, COUPON_ENDING, CARD_EXPIRING, RENEWAL, CONTRACTION)
# How many days ahead is near, with today; a contraction is recent for as many days back.
TRIAL_ENDING_DAYS = 14
COUPON_ENDING_DAYS = 30
CARD_EXPIRING_DAYS = 60
RENEWAL_DAYS = 90
CONTRACTION_DAYS = 30


@dataclass(frozen=True, slots=True)
class Part:
    """What an item is worth: today, from `coupon_ends_at` on `then_micro`, after its trial `trial_micro`."""

    item: str
    currency: str
    mrr_micro: int
    contracted: bool = False
    period_ends_at: int | None = None
    coupon_ends_at: int | None = None
    then_micro: int = 0
    trial_ends_at: int | None = None
    trial_micro: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands: `owed_since` is the due instant of the oldest invoice that is unpaid.

    `card_expires_at` is the first instant at which the card that is charged is no longer good.
    """

    subscription: str
    parts: tuple[Part, ...]
    past_due: bool = False
    owed_since: int | None = None
    cancels: bool = False
    ends_at: int | None = None
    card_expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Contracted:
    """How much MRR a customer gave up on a day and stayed."""

    currency: str
    lost_micro: int
    on: date


class Diagnosis(NamedTuple):
    """One reason for which `amount_micro` may go; `beside_micro` is by how much a coupon's end raises the
    MRR, or what a contraction took already."""

    currency: str
    diagnosis: str
    amount_micro: int
    due_at: int | None
    leads: bool
    subscriptions: tuple[str, ...]
    beside_micro: int = 0
    canceled: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The local day on which to look."""

    on: date
    zone: ZoneInfo

    def within(self, at: int | None, days: int) -> bool:
        """Say whether an instant comes within as many days from today on, or should have come before."""
        return at is not None and at < day_start(self.on + timedelta(days=days), self.zone)

    def is_recent(self, on: date) -> bool:
        """Say whether a day is one of the last that count as recent, with today."""
        return self.on - timedelta(days=CONTRACTION_DAYS) < on <= self.on


@dataclass(slots=True)
class Found:
    """What was found for one reason, subscription by subscription."""

    amount_micro: int = 0
    beside_micro: int = 0
    due: list[int] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    canceled: bool = False

    def add(self, amount_micro: int, due_at: int | None, subscription: str, beside_micro: int = 0) -> None:
        """Take in what one item adds."""
        self.amount_micro += amount_micro
        self.beside_micro += beside_micro
        self.due += [] if due_at is None else [due_at]
        if subscription not in self.subscriptions:
            self.subscriptions.append(subscription)


Reasons = dict[tuple[str, str], Found]


def diagnose(standings: Sequence[Standing], contracted: Iterable[Contracted], day: Day) -> list[Diagnosis]:
    """Return a customer's diagnoses, one of a kind in each currency, the largest first.

    >>> zone = ZoneInfo("UTC")
    >>> late = Standing("sub_1", (Part("si_1", "eur", 4_900_000_000),), past_due=True)
    >>> [(one.diagnosis, one.amount_micro) for one in diagnose([late], [], Day(date(2026, 11, 22), zone))]
    [('past_due', 4900000000)]
    """
    reasons: Reasons = defaultdict(Found)
    for standing in standings:
        for part in standing.parts:
            _counting(reasons, standing, part, day)
            _promised(reasons, standing, part, day)
    _contracted(reasons, standings, contracted, day)
    ranked = sorted(
        ((key, one) for key, one in reasons.items() if one.amount_micro > 0),
        key=lambda pair: (pair[0][0], -pair[1].amount_micro, DIAGNOSES.index(pair[0][1])),
    )
    led: set[str] = set()
    found = []
    for (currency, name), one in ranked:
        leads = currency not in led
        led.add(currency)
        due, subscriptions = min(one.due, default=None), tuple(one.subscriptions)
        amounts = (one.beside_micro, one.canceled)
        found.append(Diagnosis(currency, name, one.amount_micro, due, leads, subscriptions, *amounts))
    return found


def _counting(reasons: Reasons, standing: Standing, part: Part, day: Day) -> None:
    """Find what threatens an item's MRR of today."""
    if not part.mrr_micro:
        return
    ends, card = part.period_ends_at, standing.card_expires_at
    near = {
        PAST_DUE: (standing.past_due or standing.owed_since is not None, standing.owed_since),
        CANCELING: (standing.cancels, standing.ends_at),
        CARD_EXPIRING: (day.within(card, CARD_EXPIRING_DAYS) and not standing.cancels, card),
        RENEWAL: (part.contracted and day.within(ends, RENEWAL_DAYS) and not standing.cancels, ends),
    }
    for name, (holds, due_at) in near.items():
        if holds:
            reasons[part.currency, name].add(part.mrr_micro, due_at, standing.subscription)


def _promised(reasons: Reasons, standing: Standing, part: Part, day: Day) -> None:
    """Find what a customer is about to be asked to pay for the first time, or more for."""
    if part.trial_micro and day.within(part.trial_ends_at, TRIAL_ENDING_DAYS):
        one = reasons[part.currency, TRIAL_ENDING]
        one.add(part.trial_micro, part.trial_ends_at, standing.subscription)
        one.canceled |= standing.cancels
    rise = part.then_micro - part.mrr_micro
    if rise > 0 and day.within(part.coupon_ends_at, COUPON_ENDING_DAYS):
        amount = part.mrr_micro or part.then_micro
        reasons[part.currency, COUPON_ENDING].add(amount, part.coupon_ends_at, standing.subscription, rise)


def _contracted(
    reasons: Reasons, standings: Iterable[Standing], contracted: Iterable[Contracted], day: Day
) -> None:
    """Find who gave up some MRR lately: what is left may follow."""
    recent = [one for one in contracted if day.is_recent(one.on)]
    for currency in sorted({one.currency for one in recent}):
        lost = [one for one in recent if one.currency == currency]
        for standing in standings:
            left = sum(part.mrr_micro for part in standing.parts if part.currency == currency)
            if left:
                reasons[currency, CONTRACTION].add(left, None, standing.subscription)
        found = reasons[currency, CONTRACTION]
        found.beside_micro = sum(one.lost_micro for one in lost)
        found.due = [day_start(max(one.on for one in lost), day.zone)]
