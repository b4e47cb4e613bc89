"""A month's payments in words, ready to be drawn, and where each number opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.formatting import Money, money, percent
from dashboards.links import Link
from dashboards.reasons import reasons as in_words
from dashboards.selection import Selection
from metrics.core.money import MICRO
from metrics.core.rates import ratio
from metrics.months import Months
from metrics.payments import sums
from metrics.payments.sums import Failures, Month, Reason
from metrics.periods import last_months, shift
from metrics.queries import Shown

KINDS = {
    "voluntary": gettext_lazy("Voluntary"),
    "involuntary": gettext_lazy("Involuntary"),
    "other": gettext_lazy("Other"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A number of invoices and what they come to; each opens."""

    count: Link
    amount: Money
    opens: Link


@dataclass(frozen=True, slots=True)
class FailedRow:
    """Payments that failed first in a span, what of them came in since, and which part that is."""

    on: date
    failed: Part
    recovered: Part
    rate: str
    amount_rate: str


@dataclass(frozen=True, slots=True)
class MonthRow:
    """How many payments first failed in a month, and the page of that month."""

    month: date
    count: Link
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Why customers left, how many, and the MRR that they took."""

    words: str
    kind: str
    count: Link
    amount: Money
    opens: Link
    share: str


def rows_url(slug: str, name: str, selection: Selection, **more: str) -> str:
    """Return the address of one of the lists of a month."""
    asked = {"month": f"{selection.month:%Y-%m}", "currency": selection.currency}
    asked |= {key: value for key, value in more.items() if value}
    return f"{reverse('payment_rows', args=[slug, name])}?{urlencode(asked)}"


def payments_page(shown: Shown, months: Months, selection: Selection, slug: str) -> dict[str, Any]:
    """Return what the page shows of a month."""
    month = Month(selection.currency, selection.month)
    days, refunded, left = sums.failures(shown, month), sums.refunds(shown, month), sums.reasons(shown, month)
    (figures,) = months.last(1, selection.currency, until=selection.month)
    lost = sum(one.lost_micro for one in left)
    url = rows_url(slug, "refunds", selection)
    return {
        "days": [_failed(one, slug, selection, day=one.on.isoformat()) for one in days],
        "whole": _failed(_together(days, selection.month), slug, selection),
        "months": _months(shown, selection, slug),
        "refunds": {
            "count": Link(url, count=refunded.count),
            "amount": money(MICRO * refunded.amount_minor, selection.currency),
            "opens": Link(url, amount_micro=MICRO * refunded.amount_minor),
            "unknown": refunded.unknown,
            "mrr": money(figures.ending_micro, selection.currency),
        },
        "left": [_reason(one, lost, slug, selection) for one in left],
        "lost": _reason(Reason((), sum(one.customers for one in left), lost), lost, slug, selection),
    }


def _together(days: Sequence[Failures], month: date) -> Failures:
    return Failures(
        month,
        sum(one.failed for one in days),
        sum(one.failed_minor for one in days),
        sum(one.recovered for one in days),
        sum(one.recovered_minor for one in days),
    )


def _failed(one: Failures, slug: str, selection: Selection, *, day: str = "") -> FailedRow:
    def part(name: str, count: int, minor: int) -> Part:
        url, amount = rows_url(slug, name, selection, day=day), MICRO * minor
        opens = Link(url, amount_micro=amount)
        return Part(Link(url, count=count), money(amount, selection.currency), opens)

    return FailedRow(
        one.on,
        part("failed", one.failed, one.failed_minor),
        part("recovered", one.recovered, one.recovered_minor),
        percent(Fraction(one.recovered, one.failed) if one.failed else None),
        percent(ratio(one.recovered_minor, one.failed_minor)),
    )


def _months(shown: Shown, selection: Selection, slug: str) -> list[MonthRow]:
    wanted = last_months(selection.present, replace(selection, month=selection.present).length)
    end = shift(selection.present, 1)
    counts = sums.failures_by_month(shown, selection.currency, wanted[0], end)
    found = []
    for month in reversed(wanted):
        url = rows_url(slug, "failed", replace(selection, month=month))
        opens = Link(url, count=counts.get(month, 0))
        found.append(MonthRow(month, opens, selection.url(month=month), month == selection.month))
    return found


def _reason(one: Reason, lost: int, slug: str, selection: Selection) -> ReasonRow:
    url = rows_url(slug, "cancellations", selection, why=" ".join(one.codes))
    return ReasonRow(
        in_words(one.codes) or _("Everyone who left"),
        str(KINDS[one.kind]) if one.codes else "",
        Link(url, count=one.customers),
        money(one.lost_micro, selection.currency),
        Link(url, amount_micro=one.lost_micro),
        percent(ratio(one.lost_micro, lost)),
    )
