"""What one customer's day did to each plan, so that moving to another plan is neither new nor churn.

What leaves some plans of a customer who stays and arrives on others on the same day has moved; what is left
over is expansion or contraction. So each kind sums over all plans to the headline's.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from metrics.cohorts.lives import Turn

WHOLE = ("new", "reactivation", "churn")


class Flow(NamedTuple):
    """What one kind did to one plan; `amount_micro` is signed."""

    plan: str
    kind: str
    amount_micro: int


class Move(NamedTuple):
    """MRR that went from one plan to another, and by what the customer's MRR changed with it; signed."""

    giver: str
    taker: str
    amount_micro: int
    change_micro: int


def flows(kind: str, plans: Mapping[str, int]) -> tuple[list[Flow], list[Move]]:
    """Return what a day's changes of plans come to: a customer's 50 on A that become 80 on B are -50 moved
    out of A, +50 moved into B and +30 of expansion there."""
    if kind in WHOLE:
        return [Flow(plan, kind, delta) for plan, delta in plans.items()], []
    if len(plans) == 1:
        ((plan, delta),) = plans.items()
        return [Flow(plan, _rest(delta), delta)], []
    pairs = list(_pairs(plans))
    left = dict(plans)
    for giver, taker, amount in pairs:
        left[giver] += amount
        left[taker] -= amount
    found = [Flow(giver, "moved_out", -amount) for giver, _, amount in pairs]
    found += [Flow(taker, "moved_in", amount) for _, taker, amount in pairs]
    found += [Flow(plan, _rest(rest), rest) for plan, rest in left.items() if rest]
    # Each rest is told once, with the last that moved from its plan or to it.
    moves = []
    for giver, taker, amount in reversed(pairs):
        moves.append(Move(giver, taker, amount, left.pop(giver, 0) + left.pop(taker, 0)))
    return found, moves[::-1]


def _rest(delta: int) -> str:
    return "expansion" if delta > 0 else "contraction"


def _pairs(plans: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """Yield what went from which plan to which, the largest first, as far as both sides reach."""
    givers = sorted((delta, plan) for plan, delta in plans.items() if delta < 0)
    takers = sorted((-delta, plan) for plan, delta in plans.items() if delta > 0)
    while givers and takers:
        (given, giver), (taken, taker) = givers.pop(0), takers.pop(0)
        amount = min(-given, -taken)
        yield giver, taker, amount
        if -given > amount:
            givers.insert(0, (given + amount, giver))
        if -taken > amount:
            takers.insert(0, (taken + amount, taker))


def by_price(turn: Turn) -> dict[str, int]:
    """Return a day's changes by price."""
    if len(turn.plans) == 1:
        (((price, _), delta),) = turn.plans.items()
        return {price: delta}
    return _summed((price, delta) for (price, _), delta in turn.plans.items())


def by_interval(turn: Turn) -> dict[str, int]:
    """Return a day's changes by billing interval."""
    if len(turn.plans) == 1:
        (((_, interval), delta),) = turn.plans.items()
        return {interval: delta}
    return _summed((interval, delta) for (_, interval), delta in turn.plans.items())


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, delta in pairs:
        sums[name] = sums.get(name, 0) + delta
    return {name: delta for name, delta in sums.items() if delta}
