"""Where two valuations of one customer differ: by subscription, from when to when, and by how much now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from metrics.core.ledger import Segment


@dataclass(frozen=True, slots=True)
class Difference:
    """One subscription whose MRR differs over `[start, end)`; the amounts are those at the cut's instant."""

    subscription: str
    currency: str
    before_micro: int
    after_micro: int
    start: int
    end: int | None


def differences(before: Iterable[Segment], after: Iterable[Segment]) -> Iterator[Difference]:
    """Return each subscription that two ledgers, both as they stand at one instant, show otherwise."""
    old, new = _changes(before), _changes(after)
    for key in sorted(old.keys() | new.keys()):
        span = _span(old[key], new[key])
        if span is not None:
            yield Difference(*key, sum(old[key].values()), sum(new[key].values()), *span)


def _changes(ledger: Iterable[Segment]) -> dict[tuple[str, str], dict[int, int]]:
    """Return by subscription and currency what each instant adds to its MRR."""
    found: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in ledger:
        if one.mrr_micro:
            changes = found[one.subscription, one.currency]
            changes[one.start] += one.mrr_micro
            if one.end is not None:
                changes[one.end] -= one.mrr_micro
    return found


def _span(old: dict[int, int], new: dict[int, int]) -> tuple[int, int | None] | None:
    """Return the first instant at which the two differ, and the last at which they come together."""
    start, end, apart = None, None, 0
    for at in sorted(old.keys() | new.keys()):
        apart += new.get(at, 0) - old.get(at, 0)
        if apart and start is None:
            start = at
        end = None if apart else at
    return None if start is None else (start, end)
