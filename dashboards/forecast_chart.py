"""What the chart of the forecast draws: months that were, and months ahead with their range."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from config import dates
from dashboards.formatting import DASH, money, plotted
from metrics.core.forecast import Point
from metrics.flows import Month

Amounts = Sequence[int | Fraction | None]


def forecast_chart(
    months: Sequence[Month], points: Sequence[Point], ahead: Sequence[date], currency: str, summary: str
) -> dict[str, Any]:
    """Return MRR at each month's end; the line ahead begins where the other ends."""
    days = [month.month for month in months] + list(ahead)
    was: Amounts = [*(month.ending_micro for month in months), *[None] * len(ahead)]
    before: Amounts = [None] * (len(months) - 1)
    series = [
        _series(_("MRR"), "mrr", was, currency),
        _series(_("Forecast"), "net", [*before, *(point.likely for point in points)], currency),
        _series(_("High"), "high", [*before, *(point.high for point in points)], currency),
        _series(_("Low"), "low", [*before, *(point.low for point in points)], currency),
    ]
    return {
        "currency": currency.upper(),
        "summary": summary,
        "months": [f"{day:%Y-%m}" for day in days],
        "labels": [_label(day, at) for at, day in enumerate(days)],
        "short_labels": [dates.month_letter(day) for day in days],
        "long_labels": [dates.month(day) for day in days],
        "series": series,
        "range": [
            None if low is None or high is None else plotted(round(high) - round(low), currency)
            for low, high in zip(
                [*before, *(point.low for point in points)],
                [*before, *(point.high for point in points)],
                strict=True,
            )
        ],
    }


def _label(day: date, at: int) -> str:
    return dates.short_month(day) if day.month == 1 or at == 0 else dates.month_abbreviation(day)


def _series(name: str, tone: str, amounts: Amounts, currency: str) -> dict[str, Any]:
    return {
        "name": name,
        "tone": tone,
        "values": [None if one is None else plotted(round(one), currency) for one in amounts],
        "text": [DASH if one is None else str(money(one, currency)) for one in amounts],
    }
