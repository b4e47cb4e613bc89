"""A waterfall's figures put into the formulas of the terms: what stands beside each as its example."""

from collections.abc import Callable

from dashboards.formatting import DASH, MINUS, number, percent
from metrics.core.rates import Rate, Waterfall

Write = Callable[[int], str]
QUOTIENTS: dict[str, tuple[Callable[[Waterfall], int], Callable[[Waterfall], int]]] = {
    "mrr_growth_rate": (lambda flow: flow.net_new, lambda flow: flow.starting),
    "revenue_churn_rate": (lambda flow: flow.churn, lambda flow: flow.starting),
    "gross_mrr_churn_rate": (lambda flow: flow.lost, lambda flow: flow.starting),
    "net_revenue_retention": (
        lambda flow: flow.starting + flow.expansion - flow.lost,
        lambda flow: flow.starting,
    ),
    "gross_revenue_retention": (lambda flow: flow.starting - flow.lost, lambda flow: flow.starting),
}


def examples(flow: Waterfall, write: Write) -> dict[str, str]:
    """Return the example of each term that one period's waterfall can show; an undefined rate has none."""
    won = _sum(write, flow.new, flow.expansion, flow.reactivation)
    lost = _sum(write, flow.contraction, flow.churn)
    minus = f" {MINUS} "
    change = f"{won}{minus}{write(flow.contraction)}{minus}{write(flow.churn)}"
    exchange = (
        "" if not flow.exchange else f" {MINUS if flow.exchange < 0 else '+'} {write(abs(flow.exchange))}"
    )
    found = {
        "mrr": f"{write(flow.starting)} + {change}{exchange} = {write(flow.ending)}",
        "arr": f"12 × {write(flow.ending)} = {write(flow.arr)}",
        "net_new": f"{change} = {write(flow.net_new)}",
        "lost_mrr": f"{lost} = {write(flow.lost)}",
    }
    for name, (part, whole) in QUOTIENTS.items():
        _put(found, name, f"{write(part(flow))} ÷ {write(whole(flow))}", getattr(flow, name), percent)
    people = f"{number(flow.customers_churned)} ÷ {number(flow.customers_start)}"
    _put(found, "customer_churn_rate", people, flow.customer_churn_rate, percent)
    _put(found, "quick_ratio", f"({won}) ÷ ({lost})", flow.quick_ratio, times)
    return found


def times(rate: Rate) -> str:
    """Write a ratio that is no share of anything: 4.0."""
    return DASH if rate is None else number(rate, 1)


def _sum(write: Write, *parts: int) -> str:
    return " + ".join(write(part) for part in parts)


def _put(found: dict[str, str], name: str, sides: str, rate: Rate, write: Callable[[Rate], str]) -> None:
    if rate is not None:
        found[name] = f"{sides} = {write(rate)}"
