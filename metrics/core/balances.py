"""What payers' balances in one currency did, netted within windows and named: the arithmetic alone.

Everything is an integer, and a payer costs about a microsecond. A window is any number that grows with
time, such as that of a local day.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from operator import itemgetter

from metrics.core.intervals import FOREVER

KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
NEW, EXPANSION, REACTIVATION, CONTRACTION, CHURN = range(len(KINDS))

# Whether it is a payer's first, then when an amount counts from and until, each with its window:
# (first, start, its window, end or FOREVER, its window, amount).
Span = tuple[bool, int, int, int, int, int]
# An instant, its window, and by what the balance changes.
Change = tuple[int, int, int]
# The changes of all payers by window times len(KINDS) plus the place of the kind.
Nets = dict[int, list[int]]
BY_TIME = itemgetter(0)


def netted(spans: Iterable[Span], found: Nets | None = None) -> Nets:
    """Net the spans of many payers, payer by payer; those of one come together, in any order.
    What they come to is added to `found`.

    1,000 from January, 3,000 from March and nothing from May: new 1,000, expansion 2,000, churn 3,000.
    """
    found = defaultdict(list) if found is None else found
    changes: list[Change] = []
    for first, start, opening, end, closed, amount in spans:
        if first:
            net(sorted(changes, key=BY_TIME), found)
            changes = []
        changes.append((start, opening, amount))
        if end != FOREVER:
            changes.append((end, closed, -amount))
    net(sorted(changes, key=BY_TIME), found)
    return found


def net(changes: Iterable[Change], found: Nets) -> None:
    """Add to `found` what one payer's changes, which come by time, come to in each window.

    From nothing it is `new` where the balance never stood above nothing at an earlier instant.
    """
    balance = before = 0
    above = was_above = False
    within = last = -FOREVER
    for at, window, delta in changes:
        if at != last:
            above, last = above or balance > 0, at
            if window != within:
                if balance != before:
                    found[within * len(KINDS) + kind(before, balance, was_above)].append(balance - before)
                within, before, was_above = window, balance, above
        balance += delta
    if balance != before:
        found[within * len(KINDS) + kind(before, balance, was_above)].append(balance - before)


def netted_in_turn(spans: Iterable[Span], found: Nets | None = None) -> Nets:
    """Net as `netted` does, in a third of the time, payers whose spans above 0 come one after the other.

    Nothing needs sorting or adding up: at any time one span is the whole balance.
    """
    found = defaultdict(list) if found is None else found
    kinds, until, closing = len(KINDS), FOREVER, 0
    within = before = balance = 0
    above = False
    for first, start, opening, end, closed, amount in chain(spans, (LAST,)):
        if first or start != until:
            if until != FOREVER:
                if closing != within:
                    if balance != before:
                        found[within * kinds + kind(before, balance, above)].append(balance - before)
                    within, before, above = closing, balance, True
                balance = 0
            if first:
                if balance != before:
                    found[within * kinds + kind(before, balance, above)].append(balance - before)
                within, before, above, balance = opening, 0, False, 0
        if opening != within:
            if balance != before:
                found[within * kinds + kind(before, balance, above)].append(balance - before)
            within, before, above = opening, balance, True
        balance, until, closing = amount, end, closed
    return found


# Where nobody follows, this payer of nothing does, so that what went before is written down.
LAST: Span = (True, 0, 0, FOREVER, 0, 0)


def kind(before: int, after: int, was_above: bool) -> int:
    """Return the place in KINDS of a change between unlike balances."""
    if not before:
        return REACTIVATION if was_above else NEW
    if not after:
        return CHURN
    return EXPANSION if after > before else CONTRACTION
