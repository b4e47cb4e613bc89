"""Instants as local days, many at once: hours are looked up in a table, those that a midnight cuts alone."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from metrics.build.sums import first_of
from metrics.core.intervals import HOUR, NEVER, day_start, days, local_day

# A month and a day as one number; a currency's place goes above them.
BITS = NEVER.bit_length()
UNSURE = -1
# How much earlier than asked for the table begins, so that it seldom has to be made again.
MARGIN = 400 * 24 * HOUR


def packed(day: int) -> int:
    """Return the numbers of a day and of its month's first day as one."""
    return first_of(day) << BITS | day


class Calendar:
    """The local days of a zone from the first instants asked for to the last that counts."""

    def __init__(self, zone: str, until: int) -> None:
        self._days = days(zone)
        self._until = local_day(until, self._days.zone)
        self._offset = 0
        self._table: pa.Array | None = None

    def of(self, instants: pa.Array) -> pa.Array:
        """Return month and day of instants up to the last that counts, and of FOREVER, each as one number."""
        if not len(instants):
            return instants
        earliest = pc.min(instants).as_py()
        if self._table is None or max(earliest, 0) < self._offset + HOUR:
            self._table = self._made(max(0, min(earliest, day_start(self._until, self._days.zone)) - MARGIN))
        # What is earlier than the table is found at its first place, FOREVER at its last.
        places = pc.divide(pc.subtract(instants, self._offset), HOUR)
        places = pc.min_element_wise(pc.max_element_wise(places, 0), len(self._table) - 1)
        found = self._table.take(places)
        unsure = pc.equal(found, UNSURE)
        if not pc.any(unsure).as_py():
            return found
        exact = [packed(day) for day in self._days.of(instants.filter(unsure).to_pylist())]
        return pc.replace_with_mask(found, unsure, pa.array(exact, pa.int64()))

    def _made(self, earliest: int) -> pa.Array:
        """Return the table of hours from the day of an instant on."""
        zone = self._days.zone
        on = local_day(earliest, zone)
        begun = day_start(on, zone)
        self._offset = (-(-begun // HOUR) - 1) * HOUR
        table = [UNSURE]
        for number in range(on.toordinal(), self._until.toordinal() + 1):
            over = day_start(date.fromordinal(number + 1), zone)
            table += [packed(number)] * (over // HOUR - -(-begun // HOUR))
            # An hour that a midnight cuts belongs to two days.
            table += [UNSURE] if over % HOUR else []
            begun = over
        return pa.array([*table, packed(NEVER)], pa.int64())
