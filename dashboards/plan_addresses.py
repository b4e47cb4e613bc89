"""What the page of plans shows, and which rows behind a figure: read from an address, written into links."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from dashboards.cohort_addresses import one_of
from dashboards.opening import Opening
from dashboards.selection import AddressError, Selection, select
from metrics.months import Months
from metrics.periods import shift
from metrics.plans.reading import Wanted

BY = ("plan", "interval", "currency")
# Of a plan's flows, those that movements tell of by themselves.
TOLD = ("new", "reactivation", "churn")
INTERVAL = re.compile(r"[1-9][0-9]{0,3} (day|week|month|year)")
FLOWS = ("holders", "expansion", "contraction", "moved_in", "moved_out", "moved")


@dataclass(frozen=True, slots=True)
class Plans:
    """A page: the month and the currency, and what stands in its rows."""

    slug: str
    selection: Selection
    by: str
    today: date

    def url(self, *, by: str = "", month: date | None = None, currency: str = "") -> str:
        """Return the address of the same with something else chosen."""
        asked = {
            "by": by or self.by,
            "month": f"{month or self.selection.month:%Y-%m}",
            "currency": currency or self.selection.currency,
        }
        return f"{reverse('plans', args=[self.slug])}?{urlencode(asked)}"

    def rows(self, flow: str, more: Mapping[str, str], month: date | None = None) -> str:
        """Return the address of the rows behind one figure."""
        asked = {
            "by": self.by,
            "month": f"{month or self.selection.month:%Y-%m}",
            "currency": self.selection.currency,
            "flow": flow,
            **more,
        }
        return f"{reverse('plan_rows', args=[self.slug])}?{urlencode(asked)}"

    def movements(self, kind: str, plan: str = "") -> str:
        """Return the address of the month's movements of a kind, netted by day as plans are."""
        month = self.selection.month
        asked = {"from": month.isoformat(), "to": shift(month, 1).isoformat()}
        asked |= {"currency": self.selection.currency, "kind": kind}
        asked |= {"plan" if self.by == "plan" else "interval": _asked(plan, self.by)} if plan else {}
        return f"{reverse('movements', args=[self.slug])}?{urlencode(asked)}"

    def held(self, plan: str, *, at_start: bool = False) -> str:
        """Return the address of who holds a plan, or any without one, as the month ends or began."""
        month = shift(self.selection.month, -1) if at_start else self.selection.month
        if plan and self.by == "interval":
            return self.rows("holders", {"plan": plan}, month)
        on = min(shift(month, 1) - timedelta(days=1), self.today)
        return Opening(self.slug, self.selection.currency, self.today).customers(on, plan=plan)


@dataclass(frozen=True, slots=True)
class PlanRows:
    """A page of rows: the figure's flow, its plan or the two that MRR went between, and where it begins."""

    page: Plans
    wanted: Wanted
    flow: str
    plan: str
    giver: str | None
    taker: str | None
    after: tuple[Any, ...] | None

    def url(self, after: tuple[Any, ...] | None = None) -> str:
        """Return the address of the first page, or of the rows after one."""
        told = {"plan": self.plan} if self.plan else {}
        told |= {"giver": self.giver} if self.giver is not None and self.flow == "moved" else {}
        told |= {"taker": self.taker} if self.taker is not None and self.flow == "moved" else {}
        told |= {"after": json.dumps([str(one) for one in after])} if after else {}
        return self.page.rows(self.flow, told)


def plans_of_address(organization: Organization, parameters: QueryDict, months: Months) -> Plans:
    """Read the address of the page; AddressError says what is wrong."""
    asked = QueryDict(mutable=True)
    asked.update({name: parameters.get(name, "") for name in ("month", "currency")})
    selection = select(organization, asked, months)
    return Plans(organization.slug, selection, one_of(parameters, "by", BY), months.today)


def rows_of(organization: Organization, parameters: QueryDict, months: Months) -> PlanRows:
    """Read the address of the rows behind a figure; AddressError says what is wrong."""
    page = plans_of_address(organization, parameters, months)
    flow = one_of(parameters, "flow", FLOWS)
    names = {name: parameters.get(name) for name in ("plan", "giver", "taker")}
    if any(len(one) > 255 or not one.isprintable() for one in names.values() if one):
        raise AddressError(_("A plan is the id of a Stripe price, such as price_1Nabc."), 400)
    if page.by == "interval" and any(not INTERVAL.fullmatch(one) for one in names.values() if one):
        raise AddressError(_("An interval is a number and a unit, such as 1 month or 3 month."), 400)
    plan = names["plan"] or ""
    if page.by == "currency" or (not plan and flow in ("holders", "expansion", "contraction")):
        raise AddressError(_("Choose a plan or an interval, as the page of plans writes it."), 400)
    giver, taker = names["giver"], names["taker"]
    if flow in ("moved_in", "moved_out") and plan:
        giver, taker = (None, plan) if flow == "moved_in" else (plan, None)
    wanted = Wanted(page.selection.currency, page.by, page.selection.month)
    return PlanRows(page, wanted, flow, plan, giver, taker, _after(parameters.get("after", ""), flow))


def _asked(plan: str, by: str) -> str:
    """Return an interval as movements are asked for it: 1 month is month, 3 month is 3-month."""
    if by == "plan":
        return plan
    count, unit = plan.split(" ")
    return unit if count == "1" else f"{count}-{unit}"


def _after(text: str, flow: str) -> tuple[Any, ...] | None:
    if not text:
        return None
    try:
        *front, account, customer = json.loads(text)
        if not all(isinstance(one, str) and one.isprintable() for one in (*front, account, customer)):
            raise ValueError
        wanted = {"holders": 0, "expansion": 1, "contraction": 1}.get(flow, 2)
        if len(front) != wanted:
            raise ValueError
        dated = [date.fromisoformat(front[0])] if wanted == 1 else front
        return (*dated, UUID(account), customer)
    except (ValueError, TypeError, RecursionError):
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
