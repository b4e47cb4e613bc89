"""Who holds MRR now: the list with its filters, the sizes of its customers, and the largest of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from dashboards.buckets import Bucket, Span
from dashboards.customer_filters import FIGURES, STATUS_WORDS, Listed, filters
from dashboards.customer_rows import LABELS
from dashboards.formatting import DASH, Money, money, number, percent
from dashboards.links import Link
from dashboards.plans import plan_label
from dashboards.selection import Choice
from metrics.core.money import MICRO
from metrics.core.rates import ratio
from metrics.evidence.offered import offered
from metrics.evidence.pages import Page
from metrics.evidence.present import ACTIVE, COUNTED, LOOKED, Holder, present_holders
from metrics.evidence.search import MOST_FOUND
from metrics.evidence.sizes import Part, Spread, spread
from metrics.months import Months
from metrics.queries import Shown

TONES = {ACTIVE: "", "past_due": "badge-bad", "canceling": "badge-warn"}
BADGES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One customer of the list."""

    name: str
    customer_id: str
    url: str
    plans: list[str]
    more_plans: int
    since: date
    status: str
    tone: str
    size: str
    mrr: Money
    arr: Money
    share: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class SizeRow:
    """One size: its span in words, its team, and what its customers come to."""

    name: str
    team: str
    span: str
    customers: str
    count: Link
    amount: Money
    opens: Link
    share: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Largest:
    """What the largest customers hold together."""

    count: int
    share: str
    amount: Money
    opens: Link


def list_page(
    shown: Shown,
    organization: Organization,
    months: Months,
    wanted: Listed,
    spans: Sequence[Span] | None,
) -> dict[str, Any]:
    """Return what the list shows; `spans` is None where no rate tells the sizes in its currency."""
    currency, sizes = wanted.currency, list(spans or ())
    spreading = spread(shown, currency, shown.today, [one.low for one in sizes])
    known = spreading.whole
    plans, homes = offered(shown, currency, shown.today)
    on_plan = sum(one.items for one in plans if one.price_id == wanted.chosen.plan)
    page = present_holders(shown, wanted.chosen, known.customers, wanted.after, on_plan=on_plan)
    lines = page.lines[: wanted.top] if wanted.top else page.lines
    count, total = _together(wanted, page, spreading, known)
    names = {one.price_id: (one.product_name, one.price_name) for one in plans}
    return {
        "on": shown.today,
        "currency": currency.upper(),
        "currencies": _currencies(months, wanted),
        "figures": _figures(wanted),
        "filters": filters(wanted, plans, sizes, homes),
        **_total(wanted, total, known),
        "count": count,
        "looked": LOOKED if page.more and total is None else None,
        "rows": [_row(line, wanted, known, sizes, names, organization.slug) for line in lines],
        "sizes": _sizes(organization, wanted, known, sizes, spreading),
        "no_sizes": spans is None,
        "whole": _whole(wanted, known),
        "largest": _largest(wanted, known, spreading),
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.beyond(page.next_key) if page.more and not wanted.top else "",
        "more_found": page.more_found,
        "found_at_most": MOST_FOUND,
    }


def _total(wanted: Listed, total: int | None, known: Part) -> dict[str, Any]:
    """Return what all chosen hold, a dash where only all of them would tell."""
    amount = None if total is None else total * (12 if wanted.figure == "arr" else 1)
    return {
        "total": DASH if amount is None else money(amount, wanted.currency),
        "total_micro": amount,
        "share": percent(None if total is None else ratio(total, known.mrr_micro)),
        "figure": wanted.figure,
        "of_plan": bool(wanted.chosen.plan),
        "counted_at_most": COUNTED,
    }


def _figures(wanted: Listed) -> list[Choice]:
    """Return the figures; what is committed and contracted is listed without filters."""
    alone = f"?currency={wanted.currency}&figure="
    return [
        Choice(
            name,
            str(label),
            wanted.url(figure="" if name == "mrr" else name) if name in FIGURES else f"{alone}{name}",
            name == wanted.figure,
        )
        for name, label in LABELS.items()
    ]


def _together(
    wanted: Listed, page: Page[Holder], spreading: Spread, known: Part
) -> tuple[int | None, int | None]:
    """Return how many are chosen and what they hold, as far as that is known."""
    part: Part | None = None
    if wanted.top:
        part = spreading.largest[wanted.top]
    elif not wanted.chosen.narrows:
        part = known if wanted.bucket is None else spreading.spans[wanted.bucket]
    return (page.count, page.total_micro) if part is None else (part.customers, part.mrr_micro)


def _row(
    line: Holder,
    wanted: Listed,
    known: Part,
    spans: Sequence[Span],
    names: dict[str, tuple[str, str]],
    slug: str,
) -> Row:
    size = next((one.bucket.name for one in reversed(spans) if one.low <= line.mrr_micro), "")
    return Row(
        name=line.name,
        customer_id=line.customer_id,
        url=reverse("customer", args=[slug, line.connection_id, line.customer_id]),
        plans=[plan_label(names, one) for one in line.plans[:BADGES]],
        more_plans=max(len(line.plans) - BADGES, 0),
        since=line.since,
        status=str(STATUS_WORDS[line.status]),
        tone=TONES[line.status],
        size=size or DASH,
        mrr=money(line.amount_micro, wanted.currency),
        arr=money(12 * line.amount_micro, wanted.currency),
        share=percent(ratio(line.amount_micro, known.mrr_micro)),
        amount_micro=line.amount_micro * (12 if wanted.figure == "arr" else 1),
    )


def _sizes(
    organization: Organization, wanted: Listed, known: Part, spans: Sequence[Span], spreading: Spread
) -> list[SizeRow]:
    own = organization.currency.lower() or wanted.currency
    edges = [*(one.bucket for one in spans[1:]), None][: len(spans)]
    found = []
    for place, (span, following, part) in enumerate(zip(spans, edges, spreading.spans, strict=True)):
        url = f"?currency={wanted.currency}&bucket={place}"
        found.append(
            SizeRow(
                span.bucket.name,
                span.bucket.team,
                span_words(span.bucket, following, own),
                number(part.customers),
                Link(url, count=part.customers),
                money(part.mrr_micro, wanted.currency),
                Link(url, amount_micro=part.mrr_micro),
                percent(ratio(part.mrr_micro, known.mrr_micro)),
                place == wanted.bucket,
            )
        )
    return found


def span_words(bucket: Bucket, following: Bucket | None, currency: str) -> str:
    """Return from 50,000 to below 250,000 of ARR."""
    words = {"from": money(bucket.from_minor * MICRO, currency)}
    if following is None:
        return _("from %(from)s of ARR") % words
    words["to"] = money(following.from_minor * MICRO, currency)
    return _("from %(from)s to below %(to)s of ARR") % words


def _whole(wanted: Listed, known: Part) -> dict[str, Any]:
    url = f"?currency={wanted.currency}"
    return {
        "customers": number(known.customers),
        "count": Link(url, count=known.customers),
        "amount": money(known.mrr_micro, wanted.currency),
        "opens": Link(url, amount_micro=known.mrr_micro),
    }


def _largest(wanted: Listed, known: Part, spreading: Spread) -> list[Largest]:
    return [
        Largest(
            count,
            percent(ratio(part.mrr_micro, known.mrr_micro)),
            money(part.mrr_micro, wanted.currency),
            Link(f"?currency={wanted.currency}&top={count}", amount_micro=part.mrr_micro),
        )
        for count, part in spreading.largest.items()
        if part.customers == count
    ]


def _currencies(months: Months, wanted: Listed) -> list[Choice]:
    return [
        Choice(code, code.upper(), f"?currency={code}", code == wanted.currency)
        for code in months.currencies()
    ]
