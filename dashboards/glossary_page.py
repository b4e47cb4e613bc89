"""Every term with its formula, an example on the organization's own numbers, and what it hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.common_mistakes import MISTAKES, SETTINGS
from dashboards.counted import FEW
from dashboards.definition_words import label, said
from dashboards.formatting import money, percent
from dashboards.glossary import TERMS, Term
from dashboards.links import Link
from dashboards.opening import Opening
from dashboards.selection import Choice, Selection, named
from dashboards.snapshot import MOVEMENTS, change
from dashboards.worked_examples import examples
from metrics.core.definition import Definition
from metrics.core.rates import trailing_twelve_month
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.queries import Shown

Text = str | Promise
YEAR = 12
GROUPS: tuple[tuple[str, Text, tuple[str, ...]], ...] = (
    (
        "balances",
        gettext_lazy("What there is"),
        ("mrr", "arr", "committed_mrr", "contracted_arr", "trailing_twelve_month", "customers", "arpa"),
    ),
    (
        "movements",
        gettext_lazy("What moved it"),
        ("new", "expansion", "reactivation", "contraction", "churn", "lost_mrr", "net_new", "currency"),
    ),
    (
        "rates",
        gettext_lazy("Rates"),
        (
            "mrr_growth_rate",
            "yearly_growth_rate",
            "revenue_churn_rate",
            "gross_mrr_churn_rate",
            "customer_churn_rate",
            "net_revenue_retention",
            "gross_revenue_retention",
            "quick_ratio",
        ),
    ),
    (
        "customers",
        gettext_lazy("Customers over time"),
        ("cohort", "trial_to_paid_rate", "lifetime_months", "ltv", "cac_payback"),
    ),
)
# Terms that have a page of their own instead of one figure of a month.
PAGES = {
    "cohort": "cohorts",
    "trial_to_paid_rate": "trials",
    "cac_payback": "payback",
    "committed_mrr": "calendar",
}
OF_A_FEW = frozenset([*GROUPS[2][2], "arpa", "lifetime_months", "ltv"])
ALIASES = {"net_revenue_retention": "NRR", "gross_revenue_retention": "GRR", "quick_ratio": ""}


@dataclass(frozen=True, slots=True)
class Piece:
    """A sign or a number of an example, and the rows that it opens."""

    text: str
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One term as the page shows it."""

    name: str
    term: Term
    alias: str
    example: Sequence[Piece]
    note: str
    settings: Sequence[tuple[str, str]]
    mistake: Text
    page: str


def glossary_page(shown: Shown, months: Months, selection: Selection, slug: str) -> dict[str, Any]:
    """Return what the page shows for a month of one currency."""
    read = months.last(YEAR + 1, selection.currency, until=selection.month)
    month, opening = read[-1], Opening(slug, selection.currency, shown.today)
    known = _examples(read, selection, opening)
    few = month.customers_start < FEW

    def entry(name: str) -> Entry:
        example = known.get(name, [])
        return _entry(name, example, shown.definition, _note(name, example, few), slug)

    return {
        "selection": selection,
        "month": named(month.month),
        "groups": [(key, heading, [entry(name) for name in names]) for key, heading, names in GROUPS],
        "currencies": [
            Choice(code, code.upper(), selection.url(currency=code), code == selection.currency)
            for code in months.currencies()
        ],
    }


def bare_page(shown: Shown, slug: str) -> dict[str, Any]:
    """Return the page of an organization without numbers: no term has an example."""
    entries = [
        (key, heading, [_entry(name, [], shown.definition, "", slug) for name in names])
        for key, heading, names in GROUPS
    ]
    return {"groups": entries}


def _entry(name: str, example: Sequence[Piece], definition: Definition, note: str, slug: str) -> Entry:
    rules = [(label(one), said(one, getattr(definition, one))) for one in SETTINGS.get(name, ())]
    page = reverse(PAGES[name], args=[slug]) if name in PAGES else ""
    return Entry(name, TERMS[name], ALIASES.get(name, ""), example, note, rules, MISTAKES[name], page)


def _note(name: str, example: Sequence[Piece], few: bool) -> str:
    if name in ("cohort", "trial_to_paid_rate", "cac_payback"):
        return _("It is counted on a page of its own.")
    if not example and name == "currency":
        return _("In one currency there is none.")
    if not example and name in ("trailing_twelve_month", "yearly_growth_rate"):
        return _("Too few months to say.")
    if not example:
        return _("Undefined in this month: it would divide by nothing.")
    if few and name in OF_A_FEW:
        return _("Too few customers to say more: one of them moves it much.")
    return ""


def _examples(read: Sequence[Month], selection: Selection, opening: Opening) -> dict[str, list[Piece]]:
    month, currency = read[-1], selection.currency
    opens = _links(month, opening)
    worked = examples(waterfall(month), lambda amount: str(money(amount, currency)))
    found = {
        name: [Piece(token.text, opens.get(token.figure)) for token in tokens]
        for name, tokens in worked.items()
    }
    return found | _over_a_year(read, selection, opening)


def _over_a_year(read: Sequence[Month], selection: Selection, opening: Opening) -> dict[str, list[Piece]]:
    """Return the examples that take twelve months, none where there are fewer."""
    year_ago, *year = read

    def written(month: Month, figure: str) -> Piece:
        amount = waterfall(month).arr if figure == "arr" else month.ending_micro
        return Piece(str(money(amount, selection.currency)), opening.ending(month, figure=figure))

    found: dict[str, list[Piece]] = {}
    if year[0].month >= selection.first:
        total = trailing_twelve_month([month.ending_micro for month in year])
        summed = [piece for month in year for piece in (Piece(" + "), written(month, "mrr"))][1:]
        found["trailing_twelve_month"] = [*summed, Piece(f" = {money(total, selection.currency)}")]
    grown = change(year_ago.ending_micro, year[-1].ending_micro)
    if year_ago.month >= selection.first and grown is not None:
        sides = [written(year[-1], "arr"), Piece(" ÷ "), written(year_ago, "arr")]
        found["yearly_growth_rate"] = [*sides, Piece(f" − 1 = {percent(grown)}")]
    return found


def _links(month: Month, opening: Opening) -> dict[str, Link]:
    flow, on = waterfall(month), opening.month_end(month.month)
    links = {
        "starting": opening.starting(month),
        "ending": opening.ending(month),
        "arr": opening.ending(month, figure="arr"),
        "net_new": opening.net(month),
        "committed": Link(opening.customers(on, figure="committed_mrr"), amount_micro=month.committed_micro),
        "contracted_arr": Link(
            opening.customers(on, figure="contracted_arr"), amount_micro=flow.contracted_arr
        ),
        "customers_start": Link(
            opening.customers(month.month - timedelta(days=1)), count=month.customers_start
        ),
        "customers_churned": opening.kind(month, "churn"),
        "customers_end": opening.holders(month),
    }
    rates = {
        name: opening.rate(month, name, rate)
        for name in ("mrr_growth_rate", "revenue_churn_rate")
        if (rate := getattr(flow, name)) is not None
    }
    return links | rates | {kind: opening.kind(month, kind) for kind in MOVEMENTS}
