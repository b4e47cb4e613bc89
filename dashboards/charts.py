"""What the charts draw: decimal text to place each mark, and the words to show for it."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from config import dates
from dashboards.formatting import money, plotted, writer
from dashboards.glossary import TERMS
from dashboards.selection import Selection, named
from metrics.flows import Month
from metrics.model import waterfall
from metrics.periods import month_text

BELOW = frozenset({"contraction", "churn"})
SIGNED = frozenset({"net", "currency"})
STACK = ("new", "expansion", "reactivation", "contraction", "churn")


def stack(selection: Selection) -> tuple[str, ...]:
    """Return the rows between starting and ending MRR; `currency` is one where rates move it."""
    return (*STACK, "currency") if selection.shows_exchange else STACK


def balance_chart(months: list[Month], selection: Selection, *, arr_first: bool) -> dict[str, Any]:
    """Return the line of MRR, or of ARR, at each month's end."""
    name, times = (_("ARR"), 12) if arr_first else (_("MRR"), 1)
    amounts = [times * month.ending_micro for month in months]
    summary = _course(name, months, amounts)
    series = _series(name, "mrr", amounts, selection.currency)
    return _axis(months, selection, summary) | {"series": [series]}


def _course(name: str, months: list[Month], amounts_micro: list[int]) -> str:
    first, last = months[0], months[-1]
    words = {
        "name": name,
        "first": money(amounts_micro[0], first.currency),
        "from": named(first.month),
        "last": money(amounts_micro[-1], last.currency),
        "to": named(last.month),
    }
    if first is last:
        return _("%(name)s is %(last)s in %(to)s.") % words
    return _("%(name)s went from %(first)s at the end of %(from)s to %(last)s in %(to)s.") % words


def waterfall_chart(months: list[Month], selection: Selection) -> dict[str, Any]:
    """Return the stacked movements of each month and their net change."""
    flows = [waterfall(month) for month in months]
    kinds, currency = stack(selection), selection.currency
    amounts = {kind: [getattr(month, f"{kind}_micro") for month in months] for kind in kinds}
    series = [_series(str(TERMS[kind].label), kind, amounts[kind], currency) for kind in kinds]
    net = _series(str(TERMS["net_new"].label), "net", [flow.net_new for flow in flows], selection.currency)
    summary = _("New, expansion, reactivation, contraction and churned MRR by month, and their net change.")
    return _axis(months, selection, summary) | {"series": [*series, net]}


def _axis(months: list[Month], selection: Selection, summary: str) -> dict[str, Any]:
    days = [month.month for month in months]
    return {
        "currency": selection.currency.upper(),
        "summary": summary,
        "selected": month_text(selection.month),
        "months": [month_text(day) for day in days],
        "labels": [_label(day, at) for at, day in enumerate(days)],
        "short_labels": [dates.month_letter(day) for day in days],
        "long_labels": [named(day) for day in days],
    }


def _label(day: date, at: int) -> str:
    opens_year = day.month == 1 or at == 0
    return dates.short_month(day) if opens_year else dates.month_abbreviation(day)


def _series(name: str, tone: str, amounts_micro: list[int], currency: str) -> dict[str, Any]:
    signed, numbers = tone in SIGNED, writer(currency)
    return {
        "name": name,
        "tone": tone,
        "below": tone in BELOW,
        "values": [plotted(amount, currency) for amount in amounts_micro],
        "text": [str(numbers.money(amount, signed=signed)) for amount in amounts_micro],
    }
