"""A subscription's configurations carried on from an instant, as its own dates decide them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from metrics.core.facts import Phase
from metrics.core.history import Configuration
from metrics.core.ledger import TRIALS, Segment

Excluded = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plans:
    """When the items' trials end or ended unpaid, by item, and what a schedule's phases set from when on."""

    trials: Mapping[str, int]
    phases: Sequence[Phase] = ()

    def phase_at(self, at: int) -> Phase | None:
        """Return the last phase that has begun."""
        return max((one for one in self.phases if one.start <= at), key=lambda one: one.start, default=None)


def cuts(rows: Sequence[Configuration], plans: Plans, at: int) -> list[int]:
    """Return the instants, from the present on, at which anything may change."""
    ahead = {row.start for row in rows} | {one.start for one in plans.phases} | set(plans.trials.values())
    return [at, *sorted(one for one in ahead if one > at)]


def projected(
    rows: Sequence[Configuration], plans: Plans, standing: Sequence[Segment], at: int
) -> Iterator[Configuration]:
    """Carry on what stands and what its dates will make of it: trials convert, phases set their items.

    What is overdue is taken as paid in time: whether it will be is no decision.
    """
    excluded = {one.item: one.excluded for one in standing}
    instants: list[int | None] = [*cuts(rows, plans, at), None]
    for start, end in pairwise(instants):
        assert start is not None
        here = [row for row in rows if row.start <= start and (row.end is None or start < row.end)]
        phase = plans.phase_at(start)
        for row in here if phase is None else _set(here, phase):
            yield _as_paid(row, excluded, plans, start)._replace(start=start, end=end)


def _as_paid(row: Configuration, excluded: Excluded, plans: Plans, at: int) -> Configuration:
    if excluded.get(row.item) != "payment_failure":
        row = row._replace(unpaid_since=None)
    ends = plans.trials.get(row.item)
    if ends is not None and ends <= at:
        return row._replace(status="active", paid=True, cancel_requested=False)
    if row.status not in TRIALS:
        return row
    # A trial of what has counted before counts.
    return row if excluded.get(row.item, "trial") == "trial" else row._replace(status="active")


def _set(rows: Sequence[Configuration], phase: Phase) -> Iterator[Configuration]:
    """Yield the items of a phase: each is the item that has its price, else takes the place of another."""
    left = list(rows)
    shared = set.intersection(*(set(row.discounts) for row in rows)) if rows else set()
    wanted = sorted(phase.items, key=lambda one: all(row.price != one[0] for row in rows))
    for place, (price, quantity) in enumerate(wanted):
        same = next((row for row in left if row.price == price), None)
        if same is not None:
            left.remove(same)
            yield same._replace(quantity=quantity)
        elif rows:
            taken = left.pop(0) if left else rows[0]._replace(item=f"{rows[0].item}:{place}")
            kept = tuple(one for one in taken.discounts if one in shared)
            yield taken._replace(price=price, quantity=quantity, discounts=kept)
