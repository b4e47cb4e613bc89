"""Billing periods counted from an anchor, in UTC, as Stripe counts them."""

from calendar import monthrange
from datetime import UTC, datetime

DAY = 86_400
FIXED = {"day": DAY, "week": 7 * DAY}
MONTHS = {"month": 1, "year": 12}


def add_months(anchor: int, months: int) -> int:
    """Move an instant by whole months, clamped to the end of the month."""
    at = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, monthrange(years, month + 1)[1])
    return int(at.replace(year=years, month=month + 1, day=day).timestamp())


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """Return the end of the `number`th period of `count` intervals after the anchor."""
    if interval in FIXED:
        return anchor + FIXED[interval] * count * number
    return add_months(anchor, MONTHS[interval] * count * number)


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """Return the first period boundary later than `after`."""
    if interval in FIXED:
        return anchor + FIXED[interval] * count * ((after - anchor) // (FIXED[interval] * count) + 1)
    span = MONTHS[interval] * count
    number = max(0, (after - anchor) // (31 * DAY * span))
    while boundary(anchor, interval, count, number) <= after:
        number += 1
    return boundary(anchor, interval, count, number)
