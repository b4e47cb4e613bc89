"""Monthly sums alone, for comparisons: less than half of what a build does, which sums days and plans too."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from metrics.build.tally import COMMITTED, CONTRACTED, COUNTS, KINDS, WIDTH, Cut, Period
from metrics.core.intervals import local_day, windows
from metrics.core.ledger import Segment
from metrics.core.netting import Changes, nets
from metrics.periods import month_of

PLACES = {kind: place for place, kind in enumerate(KINDS)}


@lru_cache(maxsize=65_536)
def local_month(at: int, zone: ZoneInfo) -> date:
    """Return the first day of the local month of an instant."""
    return month_of(local_day(at, zone))


@dataclass(slots=True)
class Months:
    """Rows of the monthly table in the making, open to subtraction."""

    rows: dict[Period, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * WIDTH))

    def add(self, ledger: Sequence[Segment], changes: Changes, cut: Cut, sign: int) -> None:
        """Count one customer's ledger as it stands and its changes, or with -1 take them out."""
        frame, rows = windows(cut.definition.movement_window, cut.definition.time_zone), self.rows
        for on, kind, currency, amount in nets(changes, frame):
            row, place = rows[currency, month_of(on)], PLACES[kind]
            row[place] += sign * abs(amount)
            row[COUNTS + place] += sign
        for segment in ledger:
            committed = segment.committed_micro
            contracted = segment.mrr_micro if segment.contracted else 0
            if not contracted and not committed:
                continue
            for at, way in ((segment.start, sign), (segment.end, -sign)):
                if at is not None:
                    row = rows[segment.currency, local_month(at, frame.zone)]
                    row[CONTRACTED] += way * contracted
                    row[COMMITTED] += way * committed
