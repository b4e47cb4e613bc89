"""The mix of plans over time: which part of MRR each is at the ends of the last months."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from config import dates
from dashboards.formatting import percent
from dashboards.selection import Selection, named
from metrics.core.rates import Rate, ratio
from metrics.periods import last_months
from metrics.plans.standing import Moved, ends

MONTHS, LARGEST = 12, 5


def shares(changes: Sequence[Moved], name: Callable[[str], str], selection: Selection) -> dict[str, Any]:
    """Return the parts of the largest plans and of all others together, month by month."""
    first = min((one.month for one in changes), default=selection.month)
    months = [month for month in last_months(selection.month, MONTHS) if month >= first]
    found = ends(changes, months)
    wholes = [sum(amounts[place] for amounts in found.values()) for place in range(len(months))]
    ranked = sorted(found, key=lambda plan: (-found[plan][-1], -max(found[plan]), plan))
    rows = [(name(plan), found[plan]) for plan in ranked[:LARGEST]]
    others = [found[plan] for plan in ranked[LARGEST:] if any(found[plan])]
    if others:
        rows.append((str(_("All others")), [sum(amounts) for amounts in zip(*others, strict=True)]))
    series = [
        _series(label, place, [ratio(*pair) for pair in zip(amounts, wholes, strict=True)])
        for place, (label, amounts) in enumerate(rows, start=1)
    ]
    return {
        "unit": "percent",
        "summary": _("Which part of MRR each plan is at the end of each month."),
        "months": [f"{month:%Y-%m}" for month in months],
        "labels": [_label(month, place) for place, month in enumerate(months)],
        "short_labels": [dates.month_letter(month) for month in months],
        "long_labels": [named(month) for month in months],
        "series": series,
    }


def _label(month: date, place: int) -> str:
    opens_year = month.month == 1 or place == 0
    return dates.short_month(month) if opens_year else dates.month_abbreviation(month)


def _series(label: str, place: int, rates: Sequence[Rate]) -> dict[str, Any]:
    return {
        "name": label,
        "tone": f"mix-{place}",
        "values": [f"{float(round((rate or 0) * 10_000)) / 100:.2f}" for rate in rates],
        "text": [percent(rate) for rate in rates],
    }
