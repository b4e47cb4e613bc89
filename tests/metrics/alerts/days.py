"""Days of movements as a test writes them, and the columns that a series is made of."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from metrics.alerts.series import KINDS, Moved


class Day(NamedTuple):
    """One kind's movements of one local day."""

    on: date
    kind: str
    moved: Moved


def columns(given: Iterable[Day]) -> dict[str, Any]:
    """Return a series' `days` and `moves`."""
    rows = list(given)
    days = sorted({day.on for day in rows})
    moves = {kind: ([0] * len(days), [0] * len(days), [0] * len(days)) for kind in KINDS}
    for on, kind, moved in rows:
        at = bisect_left(days, on)
        for column, value in zip(moves[kind], (moved.amount_micro, moved.squares, moved.count), strict=True):
            column[at] += value
    return {"days": days, "moves": moves}
