"""Where local days begin, as instants for `width_bucket`; made of nothing but a time zone's rules."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Consecutive local days from `first` on: the instants at which they begin, and each one's month."""

    first: date
    days: tuple[datetime, ...]
    months: tuple[int, ...]

    def day(self, bucket: int) -> date:
        """Return the day that `width_bucket` numbers, from 1 on."""
        return self.first + (bucket - 1) * DAY

    def month(self, number: int) -> date:
        """Return the first day of a month that `months` numbers, from year 0 on."""
        return date(number // 12, number % 12 + 1, 1)


def calendar(zone: str, first: date, until: datetime) -> Calendar:
    """Return the days from one day to that of an instant."""
    place, days = ZoneInfo(zone), []
    last, on = until.astimezone(place).date() + DAY, first
    while on <= last:
        days.append(on)
        on += DAY
    return Calendar(
        first,
        tuple(datetime(on.year, on.month, on.day, tzinfo=place).astimezone(UTC) for on in days),
        tuple(on.year * 12 + on.month - 1 for on in days),
    )
