"""The order in which a list shows records that lie in files."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping

from billing_sync.sandbox.book import Place
from billing_sync.sandbox.life import DAY

FIRST, LAST = "", "\U0010ffff"
Days = dict[int, "array[int]"]


def enter(days: Days, created: int, address: int) -> None:
    """Note an address under the day on which its record was created."""
    day = created // DAY
    if day not in days:
        days[day] = array("Q")
    days[day].append(address)


class Order:
    """Keep the addresses of one kind by day; a day is sorted by (created, id) when it is first read."""

    def __init__(self, place: Callable[[int], Place]) -> None:
        self._place = place
        self._days: Days = {}
        self._unsorted: set[int] = set()
        self._known: list[int] = []

    def __len__(self) -> int:
        return sum(map(len, self._days.values()))

    def add(self, created: int, address: int) -> None:
        """Add a record."""
        enter(self._days, created, address)
        self._unsorted.add(created // DAY)

    def replace(self, created: int, old: int, new: int) -> None:
        """Let a record's newer state stand where its older one stood."""
        addresses = self._days[created // DAY]
        addresses[addresses.index(old)] = new

    def extend(self, days: Mapping[int, "array[int]"]) -> None:
        """Add many records, each under its day."""
        for day, addresses in days.items():
            if day in self._days:
                self._days[day].extend(addresses)
            else:
                self._days[day] = array("Q", addresses)
            self._unsorted.add(day)

    def newest_first(self, since: int, until: int, below: Place | None) -> Iterator[int]:
        """Yield the addresses created in [since, until], from just below a place downwards."""
        latest = until if below is None else min(until, below[0])
        for day in reversed(self._between(since, latest)):
            addresses = self._sorted(day)
            low = bisect_left(addresses, (since, FIRST), key=self._place)
            high = bisect_right(addresses, (until, LAST), lo=low, key=self._place)
            if below is not None:
                high = bisect_left(addresses, below, lo=low, hi=high, key=self._place)
            yield from reversed(addresses[low:high])

    def oldest_first(self, since: int, until: int, above: Place) -> Iterator[int]:
        """Yield the addresses created in [since, until], from just above a place upwards."""
        for day in self._between(max(since, above[0]), until):
            addresses = self._sorted(day)
            low = bisect_left(addresses, (since, FIRST), key=self._place)
            low = bisect_right(addresses, above, lo=low, key=self._place)
            high = bisect_right(addresses, (until, LAST), lo=low, key=self._place)
            yield from addresses[low:high]

    def _between(self, since: int, until: int) -> list[int]:
        if len(self._known) != len(self._days):
            self._known = sorted(self._days)
        low = bisect_left(self._known, since // DAY)
        return self._known[low : bisect_right(self._known, until // DAY)]

    def _sorted(self, day: int) -> "array[int]":
        if day in self._unsorted:
            self._days[day] = array("Q", sorted(self._days[day], key=self._place))
            self._unsorted.discard(day)
        return self._days[day]
