"""The figures of one month, each beside an earlier one, and what it means."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config import dates
from dashboards.comparison import Before
from dashboards.formatting import DASH, Money, Writer, per_mille, points, writer
from dashboards.glossary import TERMS, Term
from dashboards.links import Link
from metrics.core.rates import Rate, Waterfall, ratio
from metrics.flows import Month
from metrics.model import waterfall

GOOD_WHEN_HIGHER = frozenset({"mrr", "arr", "net_new", "new", "expansion", "reactivation"})
HEADLINES = ("mrr", "arr", "net_new", "revenue_churn_rate")
ARR_FIRST = ("arr", "mrr", "net_new", "revenue_churn_rate")
MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn")
BALANCES = {"mrr": 1, "arr": 12}


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved since the earlier one, and whether that is welcome; over nothing it is a dash."""

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


def snapshot(month: Month, before: Before, *, arr_first: bool = False) -> list[Figure]:
    """Return the row's figures for a month, beside those that it is compared with."""
    names = (*(ARR_FIRST if arr_first else HEADLINES), *MOVEMENTS)
    flow, numbers = waterfall(month), writer(month.currency)
    return [_figure(name, flow, before, numbers) for name in names]


def change(before: int, now: int) -> Rate:
    """Return by which part a figure has moved; undefined over nothing."""
    grown = ratio(now, before)
    return None if grown is None else grown - 1


def _figure(name: str, flow: Waterfall, before: Before, numbers: Writer) -> Figure:
    if name in BALANCES:
        return _balance(name, flow, before, numbers)
    if name == "net_new":
        return _net_new(flow, before, numbers)
    if name == "revenue_churn_rate":
        return _churn_rate(flow, before, numbers)
    return _movement(name, flow, before, numbers)


def _balance(name: str, flow: Waterfall, before: Before, numbers: Writer) -> Figure:
    times = BALANCES[name]
    now, then = times * flow.ending, times * before.mrr_micro if before.month else None
    text = _lacking(before) if then is None else _on(before, numbers.text(then))
    return _cell(name, numbers.money(now), text, _grown(name, then, now, numbers))


def _movement(name: str, flow: Waterfall, before: Before, numbers: Writer) -> Figure:
    now: int = getattr(flow, name)
    then = before.flow(name)
    text = _lacking(before) if then is None else _within(before, numbers.text(then))
    return _cell(name, numbers.money(now), text, _grown(name, then, now, numbers))


def _net_new(flow: Waterfall, before: Before, numbers: Writer) -> Figure:
    then = before.flow("net_new")
    text = _lacking(before) if then is None else _within(before, numbers.text(then, signed=True))
    value = numbers.money(flow.net_new, signed=True)
    return _cell("net_new", value, text, Change(DASH, "none") if then is None else None)


def _churn_rate(flow: Waterfall, before: Before, numbers: Writer) -> Figure:
    now, then = flow.revenue_churn_rate, before.churn_rate
    moved = None if now is None or then is None else now - then
    text = _lacking(before) if before.flow("churn") is None else _within(before, numbers.percent(then))
    words = pgettext("a number with decimals", "%(points)s points") % {"points": points(moved, signed=True)}
    changed = _change("revenue_churn_rate", moved, words)
    return _cell("revenue_churn_rate", Money("", numbers.percent(now), ""), text, changed)


def _cell(name: str, value: Money, before: str, changed: Change | None) -> Figure:
    headline = name in HEADLINES
    return Figure(
        name=name,
        rank="headline" if headline else "movement",
        value=value,
        before=before,
        change=changed,
        term=TERMS[name],
        tone="" if headline else name,
    )


def _lacking(before: Before) -> str:
    return before.lacks or before.unmoved


def _on(before: Before, text: str) -> str:
    """Tell of a balance: at a month's end, or at that of another day."""
    if before.at_month_end:
        return _in_month(before, text)
    return _("%(amount)s on %(day)s") % {"amount": text, "day": dates.day(before.held_on)}


def _within(before: Before, text: str) -> str:
    """Tell of what moved: in a whole month, or up to one of its days."""
    if before.through is None:
        return _in_month(before, text)
    return _("%(amount)s by %(day)s") % {"amount": text, "day": dates.day(before.through)}


def _in_month(before: Before, text: str) -> str:
    name = dates.short_month(before.on) if before.a_year_back else dates.month_abbreviation(before.on)
    return _("%(amount)s in %(month)s") % {"amount": text, "month": name}


def _grown(name: str, then: int | None, now: int, numbers: Writer) -> Change:
    rate = None if then is None else change(then, now)
    return _change(name, rate, numbers.percent(rate, signed=True))


def _change(name: str, rate: Rate, text: str) -> Change:
    if rate is None:
        return Change(DASH, "none")
    if per_mille(rate) == 0:
        return Change(text, "even")
    welcome = (rate > 0) == (name in GOOD_WHEN_HIGHER)
    return Change(text, "good" if welcome else "bad")
