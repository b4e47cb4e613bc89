"""The customers behind one figure of a plan, whose amounts sum to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.counted import as_of
from dashboards.formatting import Money, money
from dashboards.plan_addresses import PlanRows
from dashboards.plan_analysis import interval_name
from dashboards.plans import plan_label
from dashboards.selection import named
from metrics.evidence.pages import PAGE
from metrics.periods import shift
from metrics.plans.names import names_of
from metrics.plans.reading import Row, changed, holders, moved, movers, pairs
from metrics.plans.standing import Plan, plans_of
from metrics.queries import Shown

HEADINGS: "dict[str, str | Promise]" = {
    "holders": gettext_lazy("Customers of the plan"),
    "expansion": gettext_lazy("Expansion"),
    "contraction": gettext_lazy("Contraction"),
    "moved_in": gettext_lazy("Moved in from other plans"),
    "moved_out": gettext_lazy("Moved out to other plans"),
    "moved": gettext_lazy("Moved between plans"),
}
MEANINGS: "dict[str, str | Promise]" = {
    "holders": gettext_lazy("Who had MRR on it at the end of the month, and how much."),
    "expansion": gettext_lazy("MRR that customers added, less what came from another of their plans."),
    "contraction": gettext_lazy("MRR that customers gave up, less what went to another of their plans."),
    "moved_in": gettext_lazy("MRR that left another plan of the same customer on the same day."),
    "moved_out": gettext_lazy("MRR that arrived on another plan of the same customer on the same day."),
    "moved": gettext_lazy("MRR that left one plan of a customer and arrived on another on the same day."),
}


@dataclass(frozen=True, slots=True)
class RowLine:
    """One customer's part: on which day, or between which plans, and by what its MRR changed with that."""

    name: str
    customer_id: str
    url: str
    on: date | None
    giver: str
    taker: str
    change: Money
    amount: Money
    amount_micro: int


def plan_rows_page(shown: Shown, asked: PlanRows) -> dict[str, Any]:
    """Return what the page shows."""
    found = _rows(shown, asked)
    rows, currency = found[:PAGE], asked.wanted.currency
    called = {
        asked.plan,
        asked.giver,
        asked.taker,
        *(one.giver for one in rows),
        *(one.taker for one in rows),
    }
    by_plan = asked.wanted.dimension == "plan"
    names = names_of(shown.organization_id, filter(None, called)) if by_plan else {}

    def name(plan: str) -> str:
        return plan_label(names, plan) if by_plan else interval_name(plan)

    total, count = _total(shown, asked)
    return {
        "as_of": as_of(shown),
        "back_url": asked.page.url(),
        "flow": asked.flow,
        "heading": HEADINGS[asked.flow],
        "meaning": MEANINGS[asked.flow],
        "of": _of(asked, name),
        "period": named(asked.wanted.month),
        "currency": currency.upper(),
        "total": money(total, currency),
        "total_micro": total,
        "count": count,
        "between": asked.flow.startswith("moved"),
        "dated": asked.flow in ("expansion", "contraction"),
        "rows": [_line(one, asked, name) for one in rows],
        "first_url": asked.url() if asked.after else "",
        "next_url": asked.url(rows[-1].place) if len(found) > PAGE else "",
    }


def _of(asked: PlanRows, name: Callable[[str], str]) -> str:
    if asked.plan:
        return name(asked.plan)
    if asked.giver and asked.taker:
        return _("%(giver)s to %(taker)s") % {"giver": name(asked.giver), "taker": name(asked.taker)}
    return str(_("All plans"))


def _rows(shown: Shown, asked: PlanRows) -> list[Row]:
    if asked.flow == "holders":
        on = min(shift(asked.wanted.month, 1) - timedelta(days=1), asked.page.today)
        return holders(shown, asked.wanted, asked.plan, on, asked.after)
    if asked.flow in ("expansion", "contraction"):
        return changed(shown, asked.wanted, asked.plan, asked.flow, asked.after)
    return movers(shown, asked.wanted, asked.giver, asked.taker, asked.after)


def _total(shown: Shown, asked: PlanRows) -> tuple[int, int | None]:
    """Return what all rows come to, and how many there are where that is counted."""
    wanted = asked.wanted
    if asked.flow.startswith("moved"):
        told = [
            one
            for one in pairs(shown, wanted)
            if asked.giver in (None, one.giver) and asked.taker in (None, one.taker)
        ]
        return sum(one.amount_micro for one in told), sum(one.customers for one in told)
    changes, _names = moved(shown, wanted.currency, wanted.dimension)
    plan = plans_of(changes, wanted.month).get(asked.plan, Plan())
    if asked.flow == "holders":
        return plan.ending_micro, plan.customers_end
    return plan.flows[asked.flow], None


def _line(one: Row, asked: PlanRows, name: Callable[[str], str]) -> RowLine:
    currency = asked.wanted.currency
    return RowLine(
        one.name,
        one.customer_id,
        reverse("customer", args=[asked.page.slug, one.connection_id, one.customer_id]),
        one.on,
        name(one.giver) if one.giver else "",
        name(one.taker) if one.taker else "",
        money(one.change_micro, currency, signed=True),
        money(one.amount_micro, currency),
        one.amount_micro,
    )
