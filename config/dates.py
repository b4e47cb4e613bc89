"""Days, months and times in the words and the order of the reader's locale."""

from datetime import date, datetime, time
from functools import lru_cache

from babel import dates
from babel.core import Locale

from config.locales import current_for_dates


def day(on: date) -> str:
    """Return 5 Nov 2026, as the locale writes it in a table."""
    return _day(on, "medium")


def long_day(on: date) -> str:
    """Return 5 November 2026."""
    return _day(on, "long")


def day_of_year(on: date) -> str:
    """Return 5 November."""
    return _skeleton(on, "MMMMd")


def month(on: date) -> str:
    """Return November 2026."""
    return _skeleton(on, "yMMMM")


def short_month(on: date) -> str:
    """Return Nov 2026."""
    return _skeleton(on, "yMMM")


def month_name(on: date) -> str:
    """Return November."""
    return _day(on, "LLLL")


def month_abbreviation(on: date) -> str:
    """Return Nov."""
    return _day(on, "LLL")


def month_letter(on: date) -> str:
    """Return N."""
    return _day(on, "LLLLL")


def time_of_day(at: datetime) -> str:
    """Return 14:05, as the clock of the time given shows it."""
    return _time(at, "short")


def moment(at: datetime) -> str:
    """Return 5 Nov 2026, 14:05."""
    return _joined(day(at), time_of_day(at))


def long_moment(at: datetime) -> str:
    """Return 5 November 2026, 14:05."""
    return _joined(long_day(at), time_of_day(at))


def exact_moment(at: datetime) -> str:
    """Return 5 November 2026, 14:05:09."""
    return _joined(long_day(at), _time(at, "medium"))


def _joined(words: str, time: str) -> str:
    return f"{words}, {time}"


def _day(on: date, style: str) -> str:
    return _formatted(on.year, on.month, on.day, style, current_for_dates())


def _time(at: datetime, style: str) -> str:
    return _of_clock(at.hour, at.minute, at.second, style, current_for_dates())


def _skeleton(on: date, skeleton: str) -> str:
    return _of_skeleton(on.year, on.month, on.day, skeleton, current_for_dates())


@lru_cache(maxsize=4096)
def _formatted(year: int, month: int, day: int, style: str, locale: Locale) -> str:
    return str(dates.format_date(date(year, month, day), style, locale))


@lru_cache(maxsize=4096)
def _of_skeleton(year: int, month: int, day: int, skeleton: str, locale: Locale) -> str:
    return str(dates.format_skeleton(skeleton, date(year, month, day), locale=locale))


@lru_cache(maxsize=4096)
def _of_clock(hour: int, minute: int, second: int, style: str, locale: Locale) -> str:
    return str(dates.format_time(time(hour, minute, second), style, locale=locale))
