"""From segments to movements: one customer's changes of MRR, netted within a window and classified."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
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
KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
BACK = ("new", "reactivation")
ABSENT = Segment("", "", 0, None, "", "", "", "", 0, 0, 0, False, "absent", (), "", (), True, True)
PLAN = slice(Segment._fields.index("currency"), Segment._fields.index("interval"))
IN_ORDER = attrgetter("at", "subscription", "item", "amount_micro")


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


class Movement(NamedTuple):
    """One customer's net change in one currency and window; contraction and churn are negative.

    `steps` are the raw changes that the window netted; `switched` tells of a change of currency.
    """

    on: date
    kind: str
    currency: str
    amount_micro: int
    steps: tuple[Step, ...]
    switched: bool = False

    @property
    def at(self) -> int:
        """Return the instant of the window's last step."""
        return self.steps[-1].at

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the reasons of all steps, sorted."""
        if len(self.steps) == 1 and not self.switched and len(self.steps[0].reasons) == 1:
            return self.steps[0].reasons
        reasons = sorted({reason for step in self.steps for reason in step.reasons})
        return (*reasons, "currency_switch") if self.switched else tuple(reasons)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Return what each item on each plan adds, where it adds anything, sorted."""
        if len(self.steps) == 1:
            return (Leg(*self.steps[0][1:6]),)
        sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
        for step in self.steps:
            sums[step[1:5]] += step.amount_micro
        return tuple([Leg(*plan, delta) for plan, delta in sorted(sums.items()) if delta])


def steps(ledger: Iterable[Segment]) -> tuple[Step, ...]:
    """Return every raw change of one customer's items, by time; a change of plan is two."""
    changes: list[Step] = []
    for _, rows in groupby(ledger, key=attrgetter("subscription")):
        together = list(rows)
        for _, item in groupby(together, key=attrgetter("item")):
            changes += _of_item(item, together)
    return tuple(sorted(changes, key=IN_ORDER))


def movements(changes: Iterable[Step], windows: Windows) -> tuple[Movement, ...]:
    """Net one customer's steps within each window and name what remains, by time and currency."""
    parts: dict[tuple[int | date, str], list[Step]] = defaultdict(list)
    for step in changes:
        parts[windows.key(step.at), step.currency].append(step)
    found: list[Movement] = []
    balances: dict[str, int] = defaultdict(int)
    ever: set[str] = set()
    for window, currency in sorted(parts):
        within, was_above, at = parts[window, currency], currency in ever, None
        before = after = balances[currency]
        for step in within:
            if after > 0 and step.at != at:
                ever.add(currency)
            after += step.amount_micro
            at = step.at
        balances[currency] = after
        if after != before:
            on = window if isinstance(window, date) else windows.day(window)
            kind = kind_of(before, after, was_above)
            found.append(Movement(on, kind, currency, after - before, tuple(within)))
    return tuple(found if len(balances) == 1 else _with_switches(found, windows))


def _of_item(item: Iterable[Segment], together: Sequence[Segment]) -> Iterator[Step]:
    """Yield the raw changes of one item, which is among all those of its subscription."""
    silent: list[str] = []
    for at, before, after in _turns(item):
        old, new = before.mrr_micro, after.mrr_micro
        silent = [] if old else [*silent, before.excluded]
        changed = ((after, new - old),) if before[PLAN] == after[PLAN] else ((before, -old), (after, new))
        reasons = _reasons(before, after, silent, together, at) if old or new else ()
        for one, delta in changed:
            if delta:
                yield Step(
                    at, one.subscription, one.item, one.price, one.product, delta, one.currency, reasons
                )


def _turns(item: Iterable[Segment]) -> Iterator[tuple[int, Segment, Segment]]:
    """Yield when an item turns from one segment to the next; it is absent before, between and after them."""
    last = ABSENT
    for segment in item:
        if last.end not in (None, segment.start):
            yield last.end, last, ABSENT
            last = ABSENT
        yield segment.start, last, segment
        last = segment
    if last.end is not None:
        yield last.end, last, ABSENT


def _reasons(
    before: Segment, after: Segment, silent: Sequence[str], together: Sequence[Segment], at: int
) -> tuple[str, ...]:
    if not before.mrr_micro:
        for rule, reason in RETURNS.items():
            if rule in silent:
                return (reason,)
        return ("item_added" if _has_sibling(together, after, at - 1) else "started",)
    if after.mrr_micro:
        return _differences(before, after)
    if after is ABSENT and _has_sibling(together, before, at):
        return ("item_removed",)
    if after.excluded in ("absent", "cancellation"):
        return (before.cancellation,)
    return (LEAVES.get(after.excluded, after.excluded),)


def _has_sibling(together: Sequence[Segment], segment: Segment, at: int) -> bool:
    """Tell whether another item of the subscription counts at the instant."""
    return any(
        other.item != segment.item
        and other.mrr_micro
        and other.start <= at
        and (other.end is None or at < other.end)
        for other in together
    )


def _differences(before: Segment, after: Segment) -> tuple[str, ...]:
    same_terms = (before.product, before.interval) == (after.product, after.interval)
    old, new = set(before.discounts), set(after.discounts)
    told = (
        ("plan_change", not same_terms),
        ("price_change", same_terms and before.price != after.price),
        ("quantity", before.quantity != after.quantity),
        ("discount_started", new - old),
        ("discount_ended", old - new),
    )
    return tuple([reason for reason, holds in told if holds]) or ("revalued",)


def kind_of(before: int, after: int, ever: bool) -> str:
    """Name a change of one customer's balance, by whether it was ever above 0."""
    if not before:
        return "reactivation" if ever else "new"
    if not after:
        return "churn"
    return "expansion" if after > before else "contraction"


def _with_switches(found: Iterable[Movement], windows: Windows) -> Iterator[Movement]:
    """Mark a customer who leaves one currency for another within a window."""
    for _, together in groupby(found, key=lambda movement: windows.key(movement.at)):
        netted = list(together)
        kinds = {movement.kind for movement in netted}
        switched = {"churn", *BACK} if "churn" in kinds and not kinds.isdisjoint(BACK) else ()
        for movement in netted:
            yield movement._replace(switched=movement.kind in switched)
