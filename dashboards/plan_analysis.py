"""A month's plans in words, ready to be drawn: what each is worth, what moved it, who changed plan."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.counted import FEW, as_of
from dashboards.formatting import DASH, Money, money, number, percent
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.narrowing import interval_words
from dashboards.plan_addresses import BY, TOLD, Plans
from dashboards.plan_shares import shares
from dashboards.plans import plan_label
from dashboards.selection import Choice, Choices, choices
from metrics.core.rates import Rate, ratio
from metrics.months import Months
from metrics.periods import parse_month
from metrics.plans.reading import Pair, Wanted, moved, pairs
from metrics.plans.standing import KINDS, Plan, plans_of, together
from metrics.queries import Shown

LABELS: "dict[str, str | Promise]" = {
    "plan": gettext_lazy("By plan"),
    "interval": gettext_lazy("By interval"),
    "currency": gettext_lazy("By currency"),
    "moved_in": gettext_lazy("Moved in"),
    "moved_out": gettext_lazy("Moved out"),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure in words, where it opens, and what it is called."""

    text: Money | str
    opens: Link | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan of a month: its standing, and the flows from its start to its end."""

    name: str
    mrr: Amount
    share: str
    customers: Amount
    arpa: Money | str
    churned: Amount
    churn_rate: str
    revenue_churn_rate: str
    start: Amount | None = None
    flows: list[Amount] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MoveLine:
    """What went from one plan to another."""

    giver: str
    taker: str
    customers: Amount
    amount: Amount
    change: Money


def plans_page(shown: Shown, months: Months, wanted: Plans) -> dict[str, Any]:
    """Return what the page shows."""
    selection = wanted.selection
    context = {
        "as_of": as_of(shown),
        "wanted": wanted,
        "selection": selection,
        "few": FEW,
        "kinds": [str(LABELS.get(kind) or TERMS[kind].label) for kind in KINDS],
        "by": [Choice(one, str(LABELS[one]), wanted.url(by=one), one == wanted.by) for one in BY],
        "choices": _choices(choices(selection, months.currencies()), wanted),
        "netted_otherwise": shown.definition.movement_window != "day",
    }
    if wanted.by == "currency":
        return context | {"lines": _currencies(months, wanted)}
    changes, names = moved(shown, selection.currency, wanted.by)
    plans = plans_of(changes, selection.month)
    asked = Wanted(selection.currency, wanted.by, selection.month)
    went = pairs(shown, asked)

    def name(plan: str) -> str:
        return plan_label(names, plan) if wanted.by == "plan" else interval_name(plan)

    whole = together(plans.values())
    return context | {
        "lines": [_line(name(plan), plan, one, whole, wanted) for plan, one in plans.items()],
        "whole": _whole(whole, months, wanted),
        "moves": [_move(one, name, wanted) for one in went],
        "shares": shares(changes, name, selection),
    }


def _choices(offered: Choices, wanted: Plans) -> Choices:
    """Return the same choices, which keep what the rows of the page are."""

    def step(one: Choice | None) -> Choice | None:
        return one and replace(one, url=wanted.url(month=parse_month(one.value)))

    currencies = [replace(one, url=wanted.url(currency=one.value)) for one in offered.currencies]
    # No currency is chosen where each has its row.
    shown = [] if wanted.by == "currency" else currencies
    return replace(offered, previous=step(offered.previous), next=step(offered.next), currencies=shown)


def interval_name(plan: str) -> str:
    """Return every month, or every 3 months."""
    count, _space, unit = plan.partition(" ")
    return interval_words(unit if count == "1" else f"{count}-{unit}")


def _line(name: str, plan: str, one: Plan, whole: Plan, wanted: Plans) -> PlanLine:
    currency = wanted.selection.currency
    return PlanLine(
        name,
        Amount(money(one.ending_micro, currency), Link(wanted.held(plan), amount_micro=one.ending_micro)),
        percent(ratio(one.ending_micro, whole.ending_micro)),
        Amount(number(one.customers_end), Link(wanted.held(plan), count=one.customers_end)),
        arpa_of(one.arpa, currency),
        Amount(
            number(one.customers_churned),
            Link(wanted.movements("churn", plan), count=one.customers_churned),
        ),
        rate_of(one.customer_churn_rate, one.customers_start),
        rate_of(one.revenue_churn_rate, one.customers_start),
        Amount(
            money(one.starting_micro, currency),
            Link(wanted.held(plan, at_start=True), amount_micro=one.starting_micro),
        ),
        [_flow(kind, one.flows[kind], plan, wanted) for kind in KINDS],
    )


def _flow(kind: str, amount: int, plan: str, wanted: Plans) -> Amount:
    if not amount:
        return Amount(DASH, None)
    if not plan and kind in LABELS:
        url = wanted.rows("moved", {})
    elif not plan or kind in TOLD:
        url = wanted.movements(kind, plan)
    else:
        url = wanted.rows(kind, {"plan": plan})
    signed = -amount if kind == "moved_out" else amount
    return Amount(
        money(amount, wanted.selection.currency, signed=True),
        Link(url, amount_micro=signed),
    )


def _whole(whole: Plan, months: Months, wanted: Plans) -> PlanLine:
    """Return all plans together; who holds several of them is one customer."""
    selection = wanted.selection
    (month,) = months.last(1, selection.currency, until=selection.month)
    whole.customers_start, whole.customers_end = month.customers_start, month.customers_end
    whole.customers_churned = month.customers_churned
    return _line(str(_("All plans")), "", whole, whole, wanted)


def _move(one: Pair, name: Callable[[str], str], wanted: Plans) -> MoveLine:
    currency = wanted.selection.currency
    url = wanted.rows("moved", {"giver": one.giver, "taker": one.taker})
    return MoveLine(
        name(one.giver),
        name(one.taker),
        Amount(number(one.customers), Link(url, count=one.customers)),
        Amount(money(one.amount_micro, currency), Link(url, amount_micro=one.amount_micro)),
        money(one.change_micro, currency, signed=True),
    )


def _currencies(months: Months, wanted: Plans) -> list[PlanLine]:
    """Return a line for each currency; nothing is added across them."""
    found = []
    for currency in months.currencies():
        (month,) = months.last(1, currency, until=wanted.selection.month)
        one = Plan(
            month.ending_micro,
            customers_start=month.customers_start,
            customers_end=month.customers_end,
            customers_churned=month.customers_churned,
        )
        own = replace(wanted, selection=replace(wanted.selection, currency=currency))
        lost = ratio(month.churn_micro, month.starting_micro)
        found.append(
            PlanLine(
                currency.upper(),
                Amount(
                    money(month.ending_micro, currency),
                    Link(own.held(""), amount_micro=month.ending_micro),
                ),
                "",
                Amount(number(month.customers_end), Link(own.held(""), count=month.customers_end)),
                arpa_of(one.arpa, currency),
                Amount(
                    number(month.customers_churned),
                    Link(own.movements("churn"), count=month.customers_churned),
                ),
                rate_of(one.customer_churn_rate, month.customers_start),
                rate_of(lost, month.customers_start),
            )
        )
    return found


def arpa_of(arpa: Rate, currency: str) -> Money | str:
    """Return what each customer pays on average, a dash without any."""
    return DASH if arpa is None else money(arpa, currency)


def rate_of(rate: Fraction | None, customers: int) -> str:
    """Return a rate, or that too few customers make it."""
    return str(_("too few to say")) if rate is not None and customers < FEW else percent(rate)
