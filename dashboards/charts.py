"""What the charts draw: decimal text to place each mark, and the words to show for it."""

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from babel import Locale
from django.utils.translation import gettext as _

from config import dates
from config.locales import current_for_dates
from dashboards.formatting import Writer
from dashboards.glossary import TERMS
from dashboards.selection import Selection, named
from metrics.core.rates import Waterfall
from metrics.flows import Month
from metrics.periods import month_text

BELOW = frozenset({"contraction", "churn"})
SIGNED = frozenset({"net", "currency"})
STACK = ("new", "expansion", "reactivation", "contraction", "churn")


class Labels(NamedTuple):
    """What names the months below a chart's marks."""

    months: list[str]
    short: list[str]
    letters: list[str]
    long: list[str]


def stack(selection: Selection) -> tuple[str, ...]:
    """Return the rows between starting and ending MRR; `currency` is one where rates move it."""
    return (*STACK, "currency") if selection.shows_exchange else STACK


def balance_chart(
    months: list[Month], selection: Selection, numbers: Writer, *, arr_first: bool
) -> dict[str, Any]:
    """Return the line of MRR, or of ARR, at each month's end."""
    name, times = (_("ARR"), 12) if arr_first else (_("MRR"), 1)
    series = _series(name, "mrr", [times * month.ending_micro for month in months], numbers)
    summary = _course(name, labels_of(months).long, series["text"])
    return _axis(months, selection, summary) | {"series": [series]}


def _course(name: str, months: list[str], amounts: list[str]) -> str:
    words = {"name": name, "first": amounts[0], "from": months[0], "last": amounts[-1], "to": months[-1]}
    if len(months) == 1:
        return _("%(name)s is %(last)s in %(to)s.") % words
    return _("%(name)s went from %(first)s at the end of %(from)s to %(last)s in %(to)s.") % words


def waterfall_chart(
    months: list[Month], flows: list[Waterfall], selection: Selection, numbers: Writer
) -> dict[str, Any]:
    """Return the stacked movements of each month and their net change."""
    series = [
        _series(str(TERMS[kind].label), kind, [getattr(month, f"{kind}_micro") for month in months], numbers)
        for kind in stack(selection)
    ]
    net = _series(str(TERMS["net_new"].label), "net", [flow.net_new for flow in flows], numbers)
    summary = _("New, expansion, reactivation, contraction and churned MRR by month, and their net change.")
    return _axis(months, selection, summary) | {"series": [*series, net]}


def _axis(months: list[Month], selection: Selection, summary: str) -> dict[str, Any]:
    labels = labels_of(months)
    return {
        "currency": selection.currency.upper(),
        "summary": summary,
        "selected": month_text(selection.month),
        "months": labels.months,
        "labels": labels.short,
        "short_labels": labels.letters,
        "long_labels": labels.long,
    }


def labels_of(months: list[Month]) -> Labels:
    """Name months in the reader's language."""
    return _labels(tuple([month.month for month in months]), current_for_dates())


@lru_cache(maxsize=1_024)
def _labels(days: tuple[date, ...], _locale: Locale) -> Labels:
    return Labels(
        [month_text(day) for day in days],
        [_label(day, at) for at, day in enumerate(days)],
        [dates.month_letter(day) for day in days],
        [named(day) for day in days],
    )


def _label(day: date, at: int) -> str:
    opens_year = day.month == 1 or at == 0
    return dates.short_month(day) if opens_year else dates.month_abbreviation(day)


def _series(name: str, tone: str, amounts_micro: list[int], numbers: Writer) -> dict[str, Any]:
    signed = tone in SIGNED
    return {
        "name": name,
        "tone": tone,
        "below": tone in BELOW,
        "values": [numbers.plotted(amount) for amount in amounts_micro],
        "text": [numbers.text(amount, signed=signed) for amount in amounts_micro],
    }
