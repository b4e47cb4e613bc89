"""Where two valuations of one customer differ: by subscription, from when to when, and by how much now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from metrics.core.netting import Changes

NOTHING: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One subscription whose MRR differs over `[start, end)`; the amounts are those at the cut's instant."""

    subscription: str
    currency: str
    before_micro: int
    after_micro: int
    start: int
    end: int | None


def differences(old: Changes, new: Changes) -> Iterator[Difference]:
    """Return each subscription that two ledgers, both as they stand at one instant, show otherwise."""
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, NOTHING), new.get(key, NOTHING)
        span = _span(was, now)
        if span is not None:
            yield Difference(*key, sum(was.values()), sum(now.values()), *span)


def _span(old: Mapping[int, int], new: Mapping[int, int]) -> tuple[int, int | None] | None:
    """Return the first instant at which the two differ, and the last at which they come together."""
    start, end, apart = None, None, 0
    for at in sorted(old.keys() | new.keys()):
        apart += new.get(at, 0) - old.get(at, 0)
        if apart and start is None:
            start = at
        end = None if apart else at
    return None if start is None else (start, end)
