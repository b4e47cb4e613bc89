"""Monthly sums alone, for comparisons: half the work of a build's, which sums days and plans as well."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics.build.tally import COMMITTED, CONTRACTED, COUNTS, KINDS, WIDTH, Cut, Period
from metrics.core.intervals import windows
from metrics.core.ledger import Segment
from metrics.core.movements import Step, movements
from metrics.periods import month_of


@dataclass(slots=True)
class Months:
    """Rows of the monthly table in the making, open to subtraction."""

    rows: dict[Period, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * WIDTH))

    def add(self, ledger: Sequence[Segment], changes: Sequence[Step], cut: Cut, sign: int) -> None:
        """Count one customer's ledger as it stands and its steps, or with -1 take them out."""
        frame = windows(cut.definition.movement_window, cut.definition.time_zone)
        for one in movements(changes, frame):
            row, place = self.rows[one.currency, month_of(one.on)], KINDS.index(one.kind)
            row[place] += sign * abs(one.amount_micro)
            row[COUNTS + place] += sign
        for segment in ledger:
            contracted = segment.mrr_micro if segment.contracted else 0
            if not contracted and not segment.committed_micro:
                continue
            for at, way in ((segment.start, sign), (segment.end, -sign)):
                if at is not None:
                    row = self.rows[segment.currency, month_of(frame.day(at))]
                    row[CONTRACTED] += way * contracted
                    row[COMMITTED] += way * segment.committed_micro
