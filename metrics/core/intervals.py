"""Days and months as a time zone cuts them: half-open windows over unix seconds."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH, HORIZON = date(1969, 12, 31), date(2101, 1, 1)


@dataclass(frozen=True, slots=True)
class Windows:
    """The local days or months of a zone; `kind` is day, event or month."""

    kind: str
    starts: tuple[int, ...]
    days: tuple[date, ...]

    def key(self, at: int) -> int:
        """Return what all instants of one window share: the instant itself, or the window's start."""
        return at if self.kind == "event" else self.starts[bisect_right(self.starts, at) - 1]

    def day(self, at: int) -> date:
        """Return the local day of the instant, for months the first of the month."""
        return self.days[bisect_right(self.starts, at) - 1]


def day_start(on: date, zone: str) -> int:
    """Return the first instant of a local day.

    Where a clock change removes midnight the day begins with the change; where it repeats midnight,
    with the first of the two.
    """
    return int(datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).timestamp())


@lru_cache(maxsize=64)
def windows(kind: str, zone: str) -> Windows:
    """Return the windows of a zone from 1970 to 2100, the range of Stripe's clock and plans."""
    days = [EPOCH + timedelta(days=n) for n in range((HORIZON - EPOCH).days)]
    kept = tuple(day for day in days if kind != "month" or day.day == 1 or day == EPOCH)
    return Windows(kind, tuple(day_start(day, zone) for day in kept), kept)


def add_months(at: int, months: int) -> int:
    """Return the instant some months later in UTC, on the month's last day where the day is missing."""
    moment = datetime.fromtimestamp(at, UTC)
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return int(moment.replace(year=year, month=month + 1, day=min(moment.day, last)).timestamp())


def after(at: int, interval: str, count: int) -> int:
    """Return the end of one billing interval that begins at the instant."""
    if interval in ("month", "year"):
        return add_months(at, count if interval == "month" else 12 * count)
    return at + count * (7 if interval == "week" else 1) * 86_400
