"""Numbers, days and times in the reader's locale; every template knows these filters."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import template

from config import dates
from dashboards import formatting

register = template.Library()


@register.filter
def number(value: Any) -> str:
    """Return 1,234; nothing for what is not there."""
    return "" if value in (None, "") else formatting.number(value)


def _for_days(name: str, function: Callable[[date], str]) -> None:
    def written(value: date | None) -> str:
        return function(value) if value else ""

    register.filter(name, written, expects_localtime=True)


def _for_moments(name: str, function: Callable[[datetime], str]) -> None:
    def written(value: datetime | None) -> str:
        return function(value) if value else ""

    register.filter(name, written, expects_localtime=True)


_for_days("day", dates.day)
_for_days("long_day", dates.long_day)
_for_days("day_of_year", dates.day_of_year)
_for_days("month", dates.month)
_for_days("short_month", dates.short_month)
_for_days("month_name", dates.month_name)
_for_moments("time_of_day", dates.time_of_day)
_for_moments("moment", dates.moment)
_for_moments("long_moment", dates.long_moment)
_for_moments("exact_moment", dates.exact_moment)
