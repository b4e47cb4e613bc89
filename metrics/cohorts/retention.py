"""Where a customer's cohort begins, and what each later month adds to it or takes away.

A customer belongs to the month of the first movement in a currency. The base is the MRR at that month's end.
Gross MRR counts what is left of the base, never more: min(MRR, base) of each customer.
"""

from collections.abc import Sequence
from typing import NamedTuple

from metrics.build.sums import first_of
from metrics.cohorts.lives import Turn


class Start(NamedTuple):
    """The month a customer began in (its first day's number), the plan, and the MRR at the month's end."""

    month: int
    plan: str
    base_micro: int


class Change(NamedTuple):
    """By what a month's end differs from the one before: MRR, MRR of the base, and 1 or -1 of the base."""

    month: int
    net_micro: int
    gross_micro: int
    customers: int


def start(turns: Sequence[Turn]) -> Start:
    """Return where a customer's cohort begins; of several plans the one with the largest MRR names it."""
    first = turns[0]
    month = first_of(first.day)
    base = 0
    for turn in turns:
        if first_of(turn.day) != month:
            break
        base = turn.after
    (price, _), _ = min(first.plans.items(), key=lambda plan: (-plan[1], plan[0]))
    return Start(month, price, base)


def changes(turns: Sequence[Turn], base_micro: int) -> list[Change]:
    """Return what each month changed, oldest first: 100 a month that goes to 130 and then to 0 is
    +100, +30 and -130 net, +100, 0 and -100 gross."""
    ends: dict[int, int] = {}
    for turn in turns:
        ends[first_of(turn.day)] = turn.after
    found, before = [], 0
    for month, after in ends.items():
        if after != before:
            stood, stands = min(before, base_micro), min(after, base_micro)
            found.append(Change(month, after - before, stands - stood, (stands > 0) - (stood > 0)))
        before = after
    return found
