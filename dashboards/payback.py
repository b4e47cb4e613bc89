"""CAC payback in words: each month's cohort, each channel, and whether newer ones take longer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from dashboards.counted import FEW, as_of
from dashboards.formatting import DASH, money, number, percent
from dashboards.links import Link, query
from dashboards.payback_addresses import PaybackRows
from dashboards.payback_loading import Loaded
from dashboards.selection import named
from metrics.core.rates import Rate
from metrics.payback.reckoning import Trend, Won, paid_back_after, payback_months, trend
from metrics.queries import Shown

MOST_CHANNELS = 30


@dataclass(frozen=True, slots=True)
class Piece:
    """An amount or a count in its own currency, and the rows that it opens."""

    text: str
    opens: Link


@dataclass(frozen=True, slots=True)
class Row:
    """One cohort, or one channel: what was spent, what was won, and in how many months it pays back."""

    label: str
    spend: Sequence[Piece]
    base: Sequence[Piece]
    joined: Sequence[Piece]
    payback: str
    observed: str
    note: str


def payback_page(shown: Shown, loaded: Loaded, slug: str) -> dict[str, Any]:
    """Return what the page shows of what was loaded."""
    cohorts = {month: loaded.won(month) for month in loaded.months}
    complete = [cohorts[month] for month in loaded.months[:-1]]
    found = None if loaded.margin is None else trend([one for one in complete if one], loaded.margin)
    return {
        "as_of": as_of(shown),
        "to": loaded.to.upper(),
        "margin": None if loaded.margin is None else percent(loaded.margin),
        "rows": [_month(loaded, month, cohorts[month], slug) for month in reversed(loaded.months)],
        "channels": _channels(loaded, slug),
        "missing": [str(one) for one in loaded.missing],
        "trend": None if found is None else _told(found),
        "warns": found is not None and found.lengthens and _enough(found),
        "few": FEW,
        "more_channels": loaded.has_channels and len(loaded.channels()) > MOST_CHANNELS,
        "most_channels": MOST_CHANNELS,
    }


def _month(loaded: Loaded, month: date, won: Won | None, slug: str) -> Row:
    url = f"{reverse('cohort_members', args=[slug])}?"

    def members(code: str, measure: str) -> str:
        span = {"from": f"{month:%Y-%m}", "to": f"{month:%Y-%m}", "measure": measure, "age": "0"}
        return url + query({"currency": code, "by": "month", **span})

    base = [
        Piece(str(money(one.base, code)), Link(members(code, "net"), amount_micro=one.base))
        for code, one in loaded.began(month)
    ]
    joined = [
        Piece(number(one.joined), Link(members(code, "joined"), count=one.joined))
        for code, one in loaded.began(month)
    ]
    spend = _spend(loaded.spent_in(month), slug, month, month, None)
    so_far = month == loaded.months[-1]
    return Row(named(month), spend, base, joined, *_reckoned(loaded, won), _("so far") if so_far else "")


def _spend(
    sums: Iterable[tuple[str, int]], slug: str, first: date, last: date, channel: str | None
) -> list[Piece]:
    return [
        Piece(
            str(money(amount, code)),
            Link(PaybackRows(slug, "spend", code, first, last, channel).url(), amount_micro=amount),
        )
        for code, amount in sums
    ]


def _reckoned(loaded: Loaded, won: Won | None) -> tuple[str, str]:
    """Return the months that a cohort takes, and those that it took, in words."""
    if won is None or loaded.margin is None:
        return DASH, DASH
    after = paid_back_after(won.spend, won.held, loaded.margin)
    expected = _months(payback_months(won.spend, won.base, loaded.margin))
    if after is not None:
        words = ngettext("%(count)s month", "%(count)s months", after)
        return expected, words % {"count": number(after)}
    return expected, DASH if won.spend <= 0 else _("not yet")


def _channels(loaded: Loaded, slug: str) -> list[Row]:
    """Return a row for each channel over the complete months, those first that cost most."""
    if not loaded.has_channels:
        return []
    first, last = loaded.months[0], loaded.months[-2]
    known = [(channel, loaded.won_by(channel)) for channel in loaded.channels()]
    known.sort(key=lambda one: (-(one[1].spend if one[1] else 0), one[0]))
    return [_channel(loaded, channel, won, slug, first, last) for channel, won in known[:MOST_CHANNELS]]


def _channel(loaded: Loaded, channel: str, won: Won | None, slug: str, first: date, last: date) -> Row:
    sums = defaultdict[str, list[int]](lambda: [0, 0])
    for one in loaded.of_channel(channel):
        sums[one.currency][0] += one.base_micro
        sums[one.currency][1] += one.joined
    opens = {code: PaybackRows(slug, "customers", code, first, last, channel).url() for code in sums}
    base = [
        Piece(str(money(sums[code][0], code)), Link(url, amount_micro=sums[code][0]))
        for code, url in opens.items()
    ]
    joined = [Piece(number(sums[code][1]), Link(url, count=sums[code][1])) for code, url in opens.items()]
    spend = _spend(loaded.spent_on(channel), slug, first, last, channel)
    return Row(channel or _("none named"), spend, base, joined, _reckoned(loaded, won)[0], "", "")


def _months(rate: Rate) -> str:
    if rate is None:
        return DASH
    return pgettext("a number with decimals", "%(months)s months") % {"months": number(rate, 1)}


def _enough(found: Trend) -> bool:
    return min(found.older_joined, found.newer_joined) >= FEW


def _told(found: Trend) -> str:
    newer = ngettext(
        "Payback of the last three cohorts, of %(count)s customer: %(months)s.",
        "Payback of the last three cohorts, of %(count)s customers: %(months)s.",
        found.newer_joined,
    ) % {"count": number(found.newer_joined), "months": _months(found.newer)}
    older = ngettext(
        "Payback of the three before, of %(count)s customer: %(months)s.",
        "Payback of the three before, of %(count)s customers: %(months)s.",
        found.older_joined,
    ) % {"count": number(found.older_joined), "months": _months(found.older)}
    said = [newer, older]
    if not _enough(found):
        said.append(_("Too few customers to say whether that is more than chance."))
    return " ".join(said)
