"""What the public calculator says in words: its formulas, examples worked by the core, and its complaints."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from dashboards.benchmark_words import BANDS
from dashboards.calculator_words import INTERVALS, KINDS, MOVEMENTS, RETURNING, SEVERAL, known_words, named
from dashboards.formatting import number
from dashboards.worked_examples import as_text, examples
from metrics.core.pricing import INTERVALS_A_YEAR
from metrics.core.rates import Waterfall

Text = str | Promise
INPUTS: dict[str, tuple[Text, str]] = {
    "starting": (gettext_lazy("MRR at the start"), "10000"),
    "new": (gettext_lazy("New"), "1500"),
    "expansion": (gettext_lazy("Expansion"), "600"),
    "reactivation": (gettext_lazy("Reactivation"), "0"),
    "contraction": (gettext_lazy("Contraction"), "200"),
    "churn": (gettext_lazy("Churned"), "500"),
    "customers_start": (gettext_lazy("Customers at the start"), ""),
    "customers_churned": (gettext_lazy("Customers churned"), ""),
}
RESULTS: dict[str, Text] = {
    "ending": gettext_lazy("MRR at the end"),
    "arr": gettext_lazy("ARR"),
    "net_new": gettext_lazy("Net change"),
    "mrr_growth_rate": gettext_lazy("Growth"),
    "revenue_churn_rate": gettext_lazy("Revenue churn rate"),
    "gross_mrr_churn_rate": gettext_lazy("Gross MRR churn rate"),
    "net_revenue_retention": gettext_lazy("Net revenue retention"),
    "gross_revenue_retention": gettext_lazy("Gross revenue retention"),
    "quick_ratio": gettext_lazy("Quick ratio"),
    "customer_churn_rate": gettext_lazy("Customer churn rate"),
}
FORMULAS: dict[str, tuple[Text, Text]] = {
    "mrr": (
        gettext_lazy("MRR at the end"),
        gettext_lazy("starting + new + expansion + reactivation − contraction − churned"),
    ),
    "arr": (gettext_lazy("ARR"), gettext_lazy("12 × MRR")),
    "mrr_growth_rate": (gettext_lazy("Growth"), gettext_lazy("net change ÷ MRR at the start")),
    "revenue_churn_rate": (gettext_lazy("Revenue churn rate"), gettext_lazy("churned ÷ starting MRR")),
    "gross_mrr_churn_rate": (
        gettext_lazy("Gross MRR churn rate"),
        gettext_lazy("(churned + contraction) ÷ starting MRR"),
    ),
    "net_revenue_retention": (
        gettext_lazy("Net revenue retention"),
        gettext_lazy("(starting + expansion − contraction − churned) ÷ starting"),
    ),
    "gross_revenue_retention": (
        gettext_lazy("Gross revenue retention"),
        gettext_lazy("(starting − contraction − churned) ÷ starting"),
    ),
    "quick_ratio": (
        gettext_lazy("Quick ratio"),
        gettext_lazy("(new + expansion + reactivation) ÷ (contraction + churned)"),
    ),
}
COMPLAINTS: dict[str, Text] = {
    "amount": gettext_lazy("“{text}” is not an amount. Write it as 1500, 1,500.00 or 1.500,00."),
    "negative": gettext_lazy("“{text}” is below 0. Write every movement without a sign."),
    "decimals": gettext_lazy("“{text}” has more than 8 decimals."),
    "large": gettext_lazy("“{text}” is too large."),
    "count": gettext_lazy("“{text}” is not a whole number."),
    "below": gettext_lazy("More is lost than there was: MRR would end below 0. Check what was lost."),
    "customers": gettext_lazy("More customers churned than there were at the start."),
    "empty": gettext_lazy("Paste at least one row."),
    "rows": gettext_lazy("At most 20,000 rows. Leave some out."),
    "kind": gettext_lazy("“{text}” is no movement. Use one of these words: {known}."),
    "cells": gettext_lazy("The row of “{text}” has too few columns."),
    "twice": gettext_lazy("“{text}” has two rows. Add them up into one."),
    "interval": gettext_lazy(
        "“{text}” is no interval. Use one of these words, or several such as “{several}”: {known}."
    ),
    "line": gettext_lazy("Line {line}:"),
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A term, its formula and an example."""

    label: Text
    formula: Text
    example: str


def calculator_page() -> dict[str, Any]:
    """Return what the page shows."""
    flow = Waterfall("", 10_000, 1_500, 600, 0, 200, 500, ending=11_400)
    worked = examples(flow, number)
    kinds, intervals = ", ".join(named(KINDS)), ", ".join(named(INTERVALS))
    words = {name: str(text) for name, text in COMPLAINTS.items()}
    words["kind"] = words["kind"].replace("{known}", kinds)
    words["interval"] = words["interval"].replace("{known}", intervals).replace("{several}", str(SEVERAL))
    return {
        "inputs": [(name, label, value) for name, (label, value) in INPUTS.items()],
        "results": list(RESULTS.items()),
        "every": [*MOVEMENTS.items(), *RESULTS.items()],
        "customers": _customers(),
        "subscriptions": _subscriptions(),
        "kinds": kinds,
        "periods": intervals,
        "several": str(SEVERAL),
        "returning": named(RETURNING)[0],
        "worth": [("mrr", _("MRR")), ("arr", _("ARR"))],
        "formulas": [
            Formula(label, formula, as_text(worked[name])) for name, (label, formula) in FORMULAS.items()
        ],
        "intervals": list(_intervals()),
        "words": words | {f"band_{name}": str(text) for name, text in BANDS.items()},
        "tables": known_words((get_language() or "").partition("-")[0]),
    }


def _customers() -> str:
    header = pgettext("columns of a table", "customer;before;after")
    return "\n".join([header, "A;10000;22000", "B;15000;13000", "C;0;5000", "D;11000;0"])


def _subscriptions() -> str:
    header = pgettext("columns of a table", "quantity;price;every")
    _day, week, month, _quarter, year = named(INTERVALS)
    rows = [f"10;150;{month}", f"8;1200;{year}", f"1;150;{SEVERAL}", f"1;10.00;{week}"]
    return "\n".join([header, *rows])


def _intervals() -> list[Formula]:
    """Return what each interval's price comes to in a month."""
    cases = [
        (_("10 customers at 150 a month"), 1_500, "month", "10 × 150"),
        (_("600 a year"), 600, "year", "600 ÷ 12"),
        (_("8 customers at 1,200 a year"), 9_600, "year", "8 × 1,200 ÷ 12"),
        (_("10 a week"), 10, "week", "10 × 52 ÷ 12"),
        (_("1 a day"), 1, "day", "1 × 365 ÷ 12"),
    ]
    return [
        Formula(label, "", f"{steps} = {number(Fraction(price * INTERVALS_A_YEAR[interval], 12), 2)}")
        for label, price, interval, steps in cases
    ]
