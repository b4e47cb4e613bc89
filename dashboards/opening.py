"""Where each number opens: the address of the rows that sum to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from dashboards.comparison import Before
from dashboards.links import Link, page, query, quoted
from dashboards.selection import Selection
from dashboards.snapshot import BALANCES, MOVEMENTS, Figure
from metrics.core.rates import Rate
from metrics.flows import Month
from metrics.model import waterfall
from metrics.periods import month_text, shift
from metrics.queries import PlanShare

DAY = timedelta(days=1)


@lru_cache(maxsize=1_024)
def _last_day(month: date) -> date:
    return shift(month, 1) - DAY


def _plan(price_id: str) -> str:
    """Narrow an address to a plan; unlike its id, whatever else is asked for is spelled by us."""
    return f"&plan={quoted(price_id)}" if price_id else ""


@dataclass(frozen=True, slots=True)
class Opening:
    """The addresses behind one organization's numbers in one currency, as they stand on a local day."""

    slug: str
    currency: str
    today: date

    def movements(self, month: date, *, kind: str = "", rate: str = "", plan: str = "") -> str:
        """Return the address of a month's movements, all or of one kind, or of those in a rate."""
        more = (f"&kind={kind}" if kind else "") + (f"&rate={rate}" if rate else "") + _plan(plan)
        rows = page("movements", self.slug)
        return f"{rows}?month={month_text(month)}&currency={self.currency}{more}"

    def customers(self, on: date, *, figure: str = "mrr", plan: str = "") -> str:
        """Return the address of the customers who hold a balance at the end of a local day."""
        more = (f"&figure={figure}" if figure != "mrr" else "") + _plan(plan)
        return f"{page('customers', self.slug)}?on={on.isoformat()}&currency={self.currency}{more}"

    def days(self, first: date, last: date, *, kind: str = "") -> str:
        """Return the address of the movements of some local days."""
        end = last + DAY
        asked = {"from": first.isoformat(), "to": end.isoformat(), "currency": self.currency}
        asked |= {"kind": kind} if kind else {}
        return f"{page('movements', self.slug)}?{query(asked)}"

    def since(self, day: date, mrr_micro: int, month: Month) -> Link:
        """Open what moved MRR from the end of a day to a month's end."""
        url = self.days(day + DAY, self.month_end(month.month))
        return Link(url, amount_micro=month.ending_micro - mrr_micro)

    def month_end(self, month: date) -> date:
        """Return a month's last local day, today in a month that has not ended."""
        return min(_last_day(month), self.today)

    def ending(self, month: Month, *, figure: str = "mrr") -> Link:
        """Open MRR or ARR at a month's end."""
        times = 12 if figure == "arr" else 1
        return Link(
            self.customers(self.month_end(month.month), figure=figure),
            amount_micro=times * month.ending_micro,
        )

    def starting(self, month: Month) -> Link:
        """Open the MRR that a month began with."""
        before = month.month - DAY
        return Link(self.customers(before), amount_micro=month.starting_micro)

    def holders(self, month: Month) -> Link:
        """Open the customers of a month's end."""
        return Link(self.customers(self.month_end(month.month)), count=month.customers_end)

    def kind(self, month: Month, kind: str) -> Link:
        """Open one kind of movement of a month; contraction and churn are sums below 0."""
        amount: int = getattr(month, f"{kind}_micro")
        signed = -amount if kind in ("contraction", "churn") else amount
        return Link(self.movements(month.month, kind=kind), amount_micro=signed)

    def net(self, month: Month) -> Link:
        """Open all movements of a month."""
        change = month.ending_micro - month.starting_micro
        return Link(self.movements(month.month), amount_micro=change)

    def rate(self, month: Month, name: str, rate: Rate) -> Link:
        """Open the two numbers that a rate divides."""
        return Link(self.movements(month.month, rate=name), rate=rate)

    def plan(self, month: Month, plan: PlanShare) -> Link:
        """Open what one plan is worth at a month's end."""
        url = self.customers(self.month_end(month.month), plan=plan.price_id)
        return Link(url, amount_micro=plan.mrr_micro)

    def row(self, month: Month, growth: Rate) -> dict[str, Link]:
        """Open the balances, the growth and the customers of a month."""
        opens = {
            "starting": self.starting(month),
            "mrr": self.ending(month),
            "arr": self.ending(month, figure="arr"),
            "customers": self.holders(month),
        }
        return opens if growth is None else opens | {"growth": self.rate(month, "mrr_growth_rate", growth)}

    def figure(self, name: str, month: Month) -> Link | None:
        """Open one figure of the snapshot; an undefined rate has nothing to open."""
        if name in ("mrr", "arr"):
            return self.ending(month, figure=name)
        if name == "net_new":
            return self.net(month)
        if name in MOVEMENTS:
            return self.kind(month, name)
        churn = waterfall(month).revenue_churn_rate
        return None if churn is None else self.rate(month, "revenue_churn_rate", churn)


@dataclass(frozen=True, slots=True)
class ConvertedOpening(Opening):
    """The same in a reporting currency: each number opens the currencies that it is made of.

    `rates` is the month whose closing rates convert every month, None where each has its own.
    """

    rates: date | None = None

    def converted(self, month: date, figure: str, **more: str) -> str:
        """Return the address of one figure's currencies."""
        asked = {"in": self.currency, "month": month_text(month), "figure": figure, **more}
        asked |= {"rates": month_text(self.rates)} if self.rates else {}
        return f"{page('converted', self.slug)}?{query(asked)}"

    def movements(self, month: date, *, kind: str = "", rate: str = "", plan: str = "") -> str:
        return self.converted(month, kind or rate or "net_new")

    def ending(self, month: Month, *, figure: str = "mrr") -> Link:
        times = 12 if figure == "arr" else 1
        return Link(self.converted(month.month, figure), amount_micro=times * month.ending_micro)

    def since(self, day: date, mrr_micro: int, month: Month) -> Link:
        return self.ending(month)

    def starting(self, month: Month) -> Link:
        return Link(self.converted(month.month, "starting"), amount_micro=month.starting_micro)

    def holders(self, month: Month) -> Link:
        return Link(self.converted(month.month, "customers"), count=month.customers_end)

    def net(self, month: Month) -> Link:
        return Link(self.movements(month.month), amount_micro=waterfall(month).net_new)

    def plan(self, month: Month, plan: PlanShare) -> Link:
        url = self.converted(month.month, "plan", plan=plan.price_id, of=plan.currency)
        return Link(url, amount_micro=plan.mrr_micro)


def opening_of(slug: str, selection: Selection, today: date) -> Opening:
    """Return where the numbers of a page open that shows a selection."""
    if not selection.reporting:
        return Opening(slug, selection.currency, today)
    return ConvertedOpening(slug, selection.currency, today, selection.month if selection.constant else None)


def opened_figures(figures: Sequence[Figure], opening: Opening, month: Month, before: Before) -> list[Figure]:
    """Return the snapshot with what each figure opens, what it is compared with, and the change."""
    return [_opened(one, opening, month, before) for one in figures]


def _opened(one: Figure, opening: Opening, month: Month, before: Before) -> Figure:
    opens, earlier = opening.figure(one.name, month), _before(one.name, opening, before)
    if one.change is None or one.change.tone == "none":
        return replace(one, opens=opens, before_opens=earlier)
    moved = _change(one.name, opening, month, before) if one.name in BALANCES else opens
    return replace(one, opens=opens, before_opens=earlier, change_opens=moved)


def _before(name: str, opening: Opening, before: Before) -> Link | None:
    """Open what a figure is compared with: the earlier month, or its days."""
    if before.month is None:
        return None
    if name in BALANCES:
        at_end = before.at_month_end
        return opening.ending(before.month, figure=name) if at_end else _held(name, opening, before)
    if before.through is None:
        return opening.figure(name, before.month)
    kind = {"net_new": "", "revenue_churn_rate": "churn"}.get(name, name)
    moved = before.flow(kind or "net_new")
    if moved is None:
        return None
    signed = -moved if kind in ("contraction", "churn") else moved
    return Link(opening.days(before.on, before.through, kind=kind), amount_micro=signed)


def _held(name: str, opening: Opening, before: Before) -> Link:
    """Open a balance at the end of a day."""
    return Link(
        opening.customers(before.held_on, figure=name), amount_micro=BALANCES[name] * before.mrr_micro
    )


def _change(name: str, opening: Opening, month: Month, before: Before) -> Link | None:
    """Open what moved a balance since the earlier one: of MRR its growth."""
    if before.a_year_back:
        return opening.since(before.held_on, before.mrr_micro, month)
    growth = waterfall(month).mrr_growth_rate
    if growth is None or month.currency_micro:
        return opening.figure(name, month)
    return opening.rate(month, "mrr_growth_rate", growth)
