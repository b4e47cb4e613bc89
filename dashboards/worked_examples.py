"""A waterfall's figures put into the formulas of the terms: what stands beside each as its example."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from dashboards.formatting import number, percent
from metrics.core.rates import Waterfall

Write = Callable[[int | Fraction], str]
FIGURE = re.compile(r"\{(\w+)\}")
WON, LOST = "{new} + {expansion} + {reactivation}", "{contraction} − {churn}"
FORMS = {
    "mrr": f"{{starting}} + {WON} − {LOST} = {{ending}}",
    "arr": "12 × {ending} = {arr}",
    "committed_mrr": "{committed}",
    "contracted_arr": "{contracted_arr}",
    "customers": "{customers_end}",
    "arpa": "{ending} ÷ {customers_end} = {arpa}",
    "new": "{new}",
    "expansion": "{expansion}",
    "reactivation": "{reactivation}",
    "contraction": "{contraction}",
    "churn": "{churn}",
    "net_new": f"{WON} − {LOST} = {{net_new}}",
    "lost_mrr": "{contraction} + {churn} = {lost}",
    "mrr_growth_rate": "{net_new} ÷ {starting} = {mrr_growth_rate}",
    "revenue_churn_rate": "{churn} ÷ {starting} = {revenue_churn_rate}",
    "gross_mrr_churn_rate": "({contraction} + {churn}) ÷ {starting} = {gross_mrr_churn_rate}",
    "customer_churn_rate": "{customers_churned} ÷ {customers_start} = {customer_churn_rate}",
    "net_revenue_retention": (
        f"({{starting}} + {{expansion}} − {LOST}) ÷ {{starting}} = {{net_revenue_retention}}"
    ),
    "gross_revenue_retention": f"({{starting}} − {LOST}) ÷ {{starting}} = {{gross_revenue_retention}}",
    "quick_ratio": f"({WON}) ÷ ({{contraction}} + {{churn}}) = {{quick_ratio}}",
    "lifetime_months": "1 ÷ {revenue_churn_rate} = {lifetime_months}",
    "ltv": "{arpa} × {lifetime_months} = {ltv}",
}
TIMES = ("quick_ratio", "lifetime_months")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an example: a sign, or a figure by its name in the waterfall."""

    text: str
    figure: str = ""


def examples(flow: Waterfall, write: Write) -> dict[str, list[Token]]:
    """Return the example of each term that one period can show; an undefined rate has none."""
    found = {name: _tokens(form, flow, write) for name, form in FORMS.items()}
    return {name: tokens for name, tokens in found.items() if tokens}


def as_text(tokens: list[Token]) -> str:
    """Write an example on one line."""
    return "".join(token.text for token in tokens)


def _tokens(form: str, flow: Waterfall, write: Write) -> list[Token]:
    """Return the pieces of a form, none where one of its figures is undefined."""
    found = []
    # Every second piece names a figure.
    for place, piece in enumerate(FIGURE.split(form)):
        if place % 2:
            value = getattr(flow, piece)
            if value is None:
                return []
            found.append(Token(_written(piece, value, write), piece))
        elif piece:
            found.append(Token(piece))
    return found


def _written(name: str, value: int | Fraction, write: Write) -> str:
    if name.startswith("customers"):
        return number(value)
    if name in TIMES:
        return number(value, 1)
    if isinstance(value, Fraction) and name not in ("arpa", "ltv"):
        return percent(value)
    return write(value)
