"""Calendar months as dates, and the words people write them in."""

from datetime import date, timedelta


def month_of(day: date) -> date:
    """Return the first day of the day's month."""
    return day.replace(day=1)


def shift(month: date, months: int) -> date:
    """Return the first day of the month that lies some months later, or earlier."""
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def last_months(until: date, count: int) -> list[date]:
    """Return the first days of `count` months that end with the day's, oldest first."""
    return [shift(month_of(until), -back) for back in range(count - 1, -1, -1)]


def days_between(start: date, end: date) -> list[date]:
    """Return every day in `[start, end)`."""
    return [start + timedelta(days=n) for n in range((end - start).days)]


def month_text(month: date) -> str:
    """Return 2026-10, as `parse_month` reads it."""
    return month.isoformat()[:7]


def parse_month(text: str) -> date:
    """Read `2026-10`; ValueError says what is wrong."""
    try:
        year, month = text.split("-")
        if (len(year), len(month)) != (4, 2):
            raise ValueError
        return date(int(year), int(month), 1)
    except ValueError:
        raise ValueError(f"{text!r} is not a month. Write it as YYYY-MM, such as 2026-10.") from None


def parse_day(text: str) -> date:
    """Read `2026-10-31`; ValueError says what is wrong."""
    try:
        if [len(part) for part in text.split("-")] != [4, 2, 2]:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day. Write it as YYYY-MM-DD, such as 2026-10-31.") from None
