"""The curves of cohorts: how much of each is left by the months since it began."""

from typing import Any

from django.utils.translation import gettext as _

from dashboards.cohort_addresses import Cohorts
from dashboards.cohort_words import LABELS
from dashboards.counted import FEW
from dashboards.formatting import number, percent
from metrics.cohorts.table import Line
from metrics.core.rates import Rate

CURVES, TONES = 5, tuple(f"mix-{place}" for place in range(1, 7))


def curves(found: list[tuple[str, Line]], wanted: Cohorts) -> dict[str, Any] | None:
    """Return the curves of all and of the largest groups, None where too few customers make each."""
    large = [(label, line) for label, line in found if line.base.base_customers >= FEW]
    if not large:
        return None
    drawn = [large[0], *sorted(large[1:], key=lambda one: -one[1].base.base_customers)[:CURVES]]
    ages = range(max(len(line.cells) for _label, line in drawn))
    series = [
        {
            "name": label,
            "tone": tone,
            "values": [_plotted(rate) for rate in _rates(line, wanted)],
            "text": [percent(rate) for rate in _rates(line, wanted)],
        }
        for (label, line), tone in zip(drawn, TONES, strict=False)
    ]
    return {
        "unit": "percent",
        "summary": _("%(measure)s: what is left by the months since the first payment.")
        % {"measure": LABELS[wanted.measure]},
        "months": [],
        "labels": [number(age) for age in ages],
        "short_labels": [number(age) for age in ages],
        "long_labels": [_("Month %(number)s") % {"number": number(age)} for age in ages],
        "series": series,
    }


def _rates(line: Line, wanted: Cohorts) -> list[Rate]:
    """Return the rates of a line as long as enough customers have come so far."""
    return [cell.rate(wanted.measure) if cell.base_customers >= FEW else None for cell in line.cells]


def _plotted(rate: Rate) -> str | None:
    return None if rate is None else f"{round(rate * 10_000) / 100:.2f}"
