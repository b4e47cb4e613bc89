"""The figures of one month, each with the month before and what it means."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from config import dates
from dashboards.formatting import Money, money, percent, points
from dashboards.glossary import TERMS, Term
from dashboards.links import Link
from metrics.core.rates import Rate, ratio
from metrics.flows import Month
from metrics.model import waterfall

GOOD_WHEN_HIGHER = frozenset({"mrr", "arr", "net_new", "new", "expansion", "reactivation"})
HEADLINES = ("mrr", "arr", "net_new", "revenue_churn_rate")
MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn")
FLOWING = ("revenue_churn_rate", *MOVEMENTS)


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved since the month before, and whether that is welcome."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell of the snapshot row."""

    name: str
    rank: str
    value: Money
    before: str
    change: Change | None
    term: Term
    tone: str = ""
    opens: Link | None = None
    before_opens: Link | None = None
    change_opens: Link | None = None

    @property
    def label(self) -> str:
        return str(self.term.label)


def snapshot(month: Month, before: Month, *, in_progress: bool) -> list[Figure]:
    """Return the row's figures for a month, beside those of the one before it.

    A month in progress has no whole month's movements yet: only its balances are compared.
    """
    now, then = waterfall(month), waterfall(before)
    amounts = {
        "mrr": (now.ending, then.ending),
        "arr": (now.arr, then.arr),
        **{kind: (getattr(now, kind), getattr(then, kind)) for kind in MOVEMENTS},
    }
    cells = {name: _amount(name, *pair, before) for name, pair in amounts.items()}
    cells["net_new"] = _net_new(now.net_new, then.net_new, before)
    cells["revenue_churn_rate"] = _churn_rate(now.revenue_churn_rate, then.revenue_churn_rate, before)
    if in_progress:
        cells |= {name: replace(cells[name], change=None) for name in FLOWING}
    return [cells[name] for name in (*HEADLINES, *MOVEMENTS)]


def change(before: int, now: int) -> Rate:
    """Return by which part a figure has moved; undefined over nothing."""
    grown = ratio(now, before)
    return None if grown is None else grown - 1


def _amount(name: str, now_micro: int, before_micro: int, before: Month) -> Figure:
    rate = change(before_micro, now_micro)
    return Figure(
        name=name,
        rank="headline" if name in HEADLINES else "movement",
        value=money(now_micro, before.currency),
        before=_before(before, str(money(before_micro, before.currency))),
        change=_change(name, rate, percent(rate, signed=True)),
        term=TERMS[name],
        tone="" if name in HEADLINES else name,
    )


def _net_new(now_micro: int, before_micro: int, before: Month) -> Figure:
    return Figure(
        name="net_new",
        rank="headline",
        value=money(now_micro, before.currency, signed=True),
        before=_before(before, str(money(before_micro, before.currency, signed=True))),
        change=None,
        term=TERMS["net_new"],
    )


def _churn_rate(now: Rate, then: Rate, before: Month) -> Figure:
    moved = None if now is None or then is None else now - then
    text = _("%(points)s points") % {"points": points(moved, signed=True)}
    return Figure(
        name="revenue_churn_rate",
        rank="headline",
        value=Money("", percent(now), ""),
        before=_before(before, percent(then)),
        change=_change("revenue_churn_rate", moved, text),
        term=TERMS["revenue_churn_rate"],
    )


def _before(before: Month, text: str) -> str:
    return _("%(amount)s in %(month)s") % {"amount": text, "month": dates.month_abbreviation(before.month)}


def _change(name: str, rate: Rate, text: str) -> Change | None:
    if rate is None:
        return None
    if round(rate * 1000) == 0:
        return Change(text, "even")
    welcome = (rate > 0) == (name in GOOD_WHEN_HIGHER)
    return Change(text, "good" if welcome else "bad")
