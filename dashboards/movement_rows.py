"""Movements as rows of a page, under the total that was opened."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config import dates
from dashboards.addresses import Movements, last_day
from dashboards.formatting import DASH, Money, money, percent
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.movement_filters import filters, steps
from dashboards.opening import Opening
from dashboards.reasons import reasons
from dashboards.selection import Choice, named
from dashboards.timeline import anchor
from metrics.build.tally import KINDS
from metrics.core.rates import ratio
from metrics.evidence.moved import SUMMED, moves
from metrics.evidence.offered import offered
from metrics.evidence.pages import Moved
from metrics.evidence.search import MOST_FOUND
from metrics.evidence.sums import LOSSES
from metrics.months import Months
from metrics.queries import Shown

RATE_LABELS = {"revenue_churn_rate": TERMS["revenue_churn_rate"].label}


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement: whose, when, why, and how much."""

    name: str
    customer_id: str
    url: str
    on: date
    kind: str
    tone: str
    reasons: str
    amount: Money
    amount_micro: int


def movement_page(shown: Shown, months: Months, wanted: Movements, slug: str) -> dict[str, Any]:
    """Return what the page of movements shows."""
    page = moves(shown, wanted.sum, wanted.after)
    currency, kind = wanted.sum.currency, wanted.sum.kind
    plans, homes = offered(shown, currency, last_day(wanted.sum))
    return {
        "heading": _heading(wanted),
        "period": period(wanted),
        "currency": currency.upper(),
        "kinds": _kinds(wanted),
        "filters": filters(wanted, plans, homes),
        "total": _total(page.total_micro, currency, kind),
        "total_micro": page.total_micro,
        "count": page.count,
        "rate": _rate(shown, months, wanted, page.total_micro, slug),
        "rows": [movement_row(line, currency, slug) for line in page.lines],
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.url(after=page.next_key) if page.more else "",
        "looked_to": page.looked_to[0] if page.looked_to else None,
        "more_found": page.more_found,
        "found_at_most": MOST_FOUND,
        "summed_at_most": SUMMED,
        "months": steps(wanted, months),
        "by_month": wanted.sum.window == "month",
        "export_url": _export(wanted, slug),
    }


def _total(micro: int | None, currency: str, kind: str) -> Money | str:
    """Return what the rows come to, a dash where only all of them would tell."""
    if micro is None:
        return DASH
    return money(-micro if kind in LOSSES else micro, currency, signed=not kind)


def movement_row(line: Moved, currency: str, slug: str) -> MovementRow:
    """Return one movement in words."""
    url = reverse("customer", args=[slug, line.connection_id, line.customer_id])
    return MovementRow(
        name=line.name,
        customer_id=line.customer_id,
        url=f"{url}#{anchor(line.on, currency)}",
        on=line.on,
        kind=str(TERMS[line.kind].label),
        tone=line.kind,
        reasons=reasons(line.reasons),
        amount=money(line.amount_micro, currency, signed=True),
        amount_micro=line.amount_micro,
    )


def period(wanted: Movements) -> str:
    """Return October 2026, or the first and last day."""
    if wanted.month:
        return named(wanted.month)
    first, last = wanted.sum.start, last_day(wanted.sum)
    if first == last:
        return dates.long_day(first)
    return _("%(first)s to %(last)s") % {
        "first": dates.long_day(first),
        "last": dates.long_day(last),
    }


def rate_label(name: str) -> str:
    """Return what a rate is called."""
    return str(RATE_LABELS.get(name) or _("MRR growth rate"))


def _heading(wanted: Movements) -> str:
    if wanted.rate:
        return rate_label(wanted.rate)
    return str(TERMS[wanted.sum.kind].label) if wanted.sum.kind else _("All movements")


def _kinds(wanted: Movements) -> list[Choice]:
    chosen = None if wanted.rate else wanted.sum.kind
    every = Choice("all", pgettext("movements", "All"), wanted.url(kind=""), chosen == "")
    return [every] + [
        Choice(kind, str(TERMS[kind].label), wanted.url(kind=kind), chosen == kind) for kind in KINDS
    ]


def _rate(
    shown: Shown, months: Months, wanted: Movements, total_micro: int | None, slug: str
) -> dict[str, Any] | None:
    """Return the two numbers that a rate divides: these rows, and the MRR at the month's start."""
    if not wanted.rate or not wanted.month or total_micro is None:
        return None
    (month,) = months.last(1, wanted.sum.currency, until=wanted.month)
    part = -total_micro if wanted.sum.kind == "churn" else total_micro
    rate = ratio(part, month.starting_micro)
    before = wanted.month - timedelta(days=1)
    url = Opening(slug, wanted.sum.currency, shown.today).customers(before)
    return {
        "text": percent(rate),
        "part": money(part, month.currency),
        "whole": money(month.starting_micro, month.currency),
        "whole_on": before,
        "opens": Link(url, amount_micro=month.starting_micro, rate=rate),
    }


def _export(wanted: Movements, slug: str) -> str:
    """Return where a whole month's evidence is given as a file."""
    if not wanted.month or wanted.sum.kind or wanted.sum.narrows or wanted.rate:
        return ""
    url = reverse("evidence", args=[slug])
    return f"{url}?month={wanted.month:%Y-%m}&currency={wanted.sum.currency}"
