"""From segments to movements: one customer's changes of MRR, netted within a window and classified."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from typing import NamedTuple

from metrics.core.intervals import Windows
from metrics.core.ledger import Segment

# What brings an item back, by the rule that kept it out, in the order of what explains most.
RETURNS = {
    "trial": "trial_converted",
    "paused": "resumed",
    "unpaid": "payment_recovered",
    "payment_failure": "payment_recovered",
    "discount": "discount_ended",
    "free": "plan_change",
}
LEAVES = {"unpaid": "payment_failure", "discount": "discount_started", "free": "plan_change"}


class Leg(NamedTuple):
    """What one item on one plan adds to a movement; signed."""

    subscription: str
    item: str
    price: str
    product: str
    amount_micro: int


class Step(NamedTuple):
    """A raw change of one item on one plan at an instant; `amount_micro` is signed."""

    at: int
    subscription: str
    item: str
    price: str
    product: str
    amount_micro: int
    currency: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """One customer's net change in one currency and window; contraction and churn are negative.

    `at` is the window's last step; `steps` are the raw changes that the window netted.
    """

    on: date
    at: int
    kind: str
    currency: str
    amount_micro: int
    reasons: tuple[str, ...]
    legs: tuple[Leg, ...]
    steps: tuple[Step, ...]

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Return the ids of the subscriptions whose legs make up the movement, sorted."""
        return tuple(sorted({leg.subscription for leg in self.legs}))


def steps(ledger: Sequence[Segment]) -> tuple[Step, ...]:
    """Return every raw change of one customer's items, by time; a change of plan is two."""
    changes: list[Step] = []
    for _, item in groupby(ledger, key=lambda segment: (segment.subscription, segment.item)):
        silent: list[str] = []
        for before, after in pairwise(_filled(item)):
            silent = [] if before.mrr_micro else [*silent, before.excluded]
            old, new = before.mrr_micro, after.mrr_micro
            changed = (
                [(after, new - old)] if _plan(before) == _plan(after) else [(before, -old), (after, new)]
            )
            for one, delta in changed:
                if delta:
                    reasons = _reasons(before, after, silent, ledger)
                    leg = one.subscription, one.item, one.price, one.product, delta
                    changes.append(Step(after.start, *leg, one.currency, reasons))
    return tuple(sorted(changes, key=lambda step: (step.at, step.subscription, step.item, step.amount_micro)))


def movements(changes: Sequence[Step], windows: Windows) -> tuple[Movement, ...]:
    """Net one customer's steps within each window and name what remains, by time and currency."""
    found: list[Movement] = []
    balances: Counter[str] = Counter()
    ever: set[str] = set()
    for _, window in groupby(changes, key=lambda step: windows.key(step.at)):
        netted = []
        by_currency = sorted(window, key=lambda step: step.currency)
        for currency, group in groupby(by_currency, key=lambda step: step.currency):
            within, before, was_above = tuple(group), balances[currency], currency in ever
            for _, instant in groupby(within, key=lambda step: step.at):
                balances[currency] += sum(step.amount_micro for step in instant)
                if balances[currency] > 0:
                    ever.add(currency)
            if balances[currency] != before:
                kind = _kind(before, balances[currency], was_above)
                netted.append(_netted(kind, balances[currency] - before, within, windows))
        found += _with_switch(netted)
    return tuple(found)


def _filled(item: Iterable[Segment]) -> Iterator[Segment]:
    """Yield an item's segments with an absent one of 0 wherever before, between or after them is nothing."""
    segment: Segment | None = None
    end: int | None = None
    for segment in item:
        if end != segment.start:
            yield replace(segment, start=end or 0, end=segment.start, mrr_micro=0, excluded="absent")
        yield segment
        end = segment.end
    if segment and end is not None:
        yield replace(segment, start=end, end=None, mrr_micro=0, excluded="absent")


def _plan(segment: Segment) -> tuple[str, str, str]:
    return segment.currency, segment.price, segment.product


def _reasons(
    before: Segment, after: Segment, silent: Sequence[str], ledger: Sequence[Segment]
) -> tuple[str, ...]:
    if not before.mrr_micro:
        started = "item_added" if _has_sibling(ledger, after, after.start - 1) else "started"
        return (next((RETURNS[rule] for rule in RETURNS if rule in silent), started),)
    if after.mrr_micro:
        return _differences(before, after)
    if after.excluded == "absent" and _has_sibling(ledger, after, after.start):
        return ("item_removed",)
    if after.excluded in ("absent", "cancellation"):
        return (after.cancellation,)
    return (LEAVES.get(after.excluded, after.excluded),)


def _has_sibling(ledger: Sequence[Segment], segment: Segment, at: int) -> bool:
    """Tell whether another item of the subscription counts at the instant."""
    return any(
        other.subscription == segment.subscription
        and other.item != segment.item
        and other.mrr_micro
        and other.start <= at
        and (other.end is None or at < other.end)
        for other in ledger
    )


def _differences(before: Segment, after: Segment) -> tuple[str, ...]:
    same_terms = (before.product, before.interval) == (after.product, after.interval)
    old, new = set(before.discounts), set(after.discounts)
    told = {
        "plan_change": not same_terms,
        "price_change": same_terms and before.price != after.price,
        "quantity": before.quantity != after.quantity,
        "discount_started": bool(new - old),
        "discount_ended": bool(old - new),
    }
    return tuple(reason for reason, holds in told.items() if holds) or ("revalued",)


def _kind(before: int, after: int, ever: bool) -> str:
    if not before:
        return "reactivation" if ever else "new"
    if not after:
        return "churn"
    return "expansion" if after > before else "contraction"


def _netted(kind: str, amount_micro: int, within: tuple[Step, ...], windows: Windows) -> Movement:
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for step in within:
        sums[step[1:5]] += step.amount_micro
    return Movement(
        on=windows.day(within[-1].at),
        at=within[-1].at,
        kind=kind,
        currency=within[0].currency,
        amount_micro=amount_micro,
        reasons=tuple(sorted({reason for step in within for reason in step.reasons})),
        legs=tuple(Leg(*plan, delta) for plan, delta in sorted(sums.items()) if delta),
        steps=within,
    )


def _with_switch(netted: Sequence[Movement]) -> Iterator[Movement]:
    """Mark a customer who leaves one currency for another within the window."""
    kinds = {movement.kind for movement in netted}
    switched = {"churn", "new", "reactivation"} if "churn" in kinds else set()
    for movement in netted:
        if movement.kind in switched and not kinds.isdisjoint(("new", "reactivation")):
            movement = replace(movement, reasons=(*movement.reasons, "currency_switch"))
        yield movement
