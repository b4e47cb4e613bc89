"""Days and months as a time zone cuts them, and billing intervals; instants are unix seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = 3_600
# The end of what has not ended, later than any instant, and the number of its day, later than any day.
FOREVER, NEVER = 1 << 62, (1 << 22) - 1


@lru_cache(maxsize=65_536)
def day_start(on: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day.

    Where a clock change removes midnight the day begins with the change; where it repeats midnight,
    with the first of the two.
    """
    return int(datetime(on.year, on.month, on.day, tzinfo=zone).timestamp())


@lru_cache(maxsize=65_536)
def local_day(at: int, zone: ZoneInfo) -> date:
    """Return the local day of an instant; an hour repeated across midnight belongs to the new day."""
    on = datetime.fromtimestamp(at, zone).date()
    return on if at < day_start(on + DAY, zone) else on + DAY


class Days:
    """The local days of a zone by number, which is `date.toordinal`; hours within one day are remembered."""

    REMEMBERED = 500_000

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._hours = {FOREVER // HOUR: NEVER}

    def of(self, instants: Iterable[int]) -> list[int]:
        """Return the number of each instant's local day, NEVER for FOREVER."""
        known = self._hours.get
        return [known(at // HOUR) or self._day(at) for at in instants]

    def _day(self, at: int) -> int:
        on = local_day(at, self.zone)
        first, after = day_start(on, self.zone), day_start(on + DAY, self.zone)
        if len(self._hours) > self.REMEMBERED:
            self._hours.clear()
        # An hour that a midnight cuts belongs to two days, and is looked up each time.
        whole = range(-(-first // HOUR), after // HOUR)
        self._hours.update(dict.fromkeys(whole, on.toordinal()))
        self._hours[FOREVER // HOUR] = NEVER
        return on.toordinal()


@lru_cache(maxsize=32)
def days(zone: str) -> Days:
    """Return the local days of a zone given by name, with what is remembered of them."""
    return Days(ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows within which changes are netted: `day`, `event` or `month` of a zone."""

    kind: str
    zone: ZoneInfo

    def day(self, at: int) -> date:
        """Return the local day of the instant, for months the first of the month."""
        on = local_day(at, self.zone)
        return on.replace(day=1) if self.kind == "month" else on

    def key(self, at: int) -> int | date:
        """Return what all instants of one window share: the instant itself, or the window's day."""
        return at if self.kind == "event" else self.day(at)


def windows(kind: str, zone: str) -> Windows:
    """Return the windows of a kind in a zone given by name."""
    return Windows(kind, ZoneInfo(zone))


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
