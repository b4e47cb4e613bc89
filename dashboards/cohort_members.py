"""The customers of a cell of a cohort, whose amounts sum to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.cohort_addresses import EVER, NOW, Members
from dashboards.cohort_words import LABELS
from dashboards.cohorts import value_name
from dashboards.counted import as_of
from dashboards.formatting import Money, money, number
from dashboards.selection import named
from metrics.cohorts.reading import Member, members, of_value
from metrics.cohorts.table import MEASURES, Line, lines
from metrics.evidence.pages import PAGE
from metrics.periods import month_of
from metrics.plans.names import names_of
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One customer: when it began, its base, and what it adds to the cell."""

    name: str
    customer_id: str
    url: str
    month: date
    base: Money
    amount: Money
    amount_micro: int


def members_page(shown: Shown, wanted: Members) -> dict[str, Any]:
    """Return what the page shows."""
    chosen = wanted.chosen
    found = members(shown, chosen, wanted.after)
    total, count = _told(shown, wanted)
    last = found[PAGE - 1] if len(found) > PAGE else None
    amount = money(total, chosen.currency)
    return {
        "as_of": as_of(shown),
        "back_url": wanted.page.url(),
        "heading": _heading(shown, wanted),
        "measure": LABELS[chosen.measure] if chosen.measure in MEASURES else _("Joined"),
        "age": "" if wanted.age == NOW else number(chosen.age),
        "currency": chosen.currency.upper(),
        "total": amount,
        "total_micro": total,
        "count": count,
        "rows": [_row(one, wanted) for one in found[:PAGE]],
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.url((last.connection_id, last.customer_id)) if last else "",
    }


def _told(shown: Shown, wanted: Members) -> tuple[int, int | None]:
    """Return what all rows come to, and how many there are where that is counted."""
    chosen = wanted.chosen
    by_month = chosen.value is None
    changes = of_value(
        shown,
        chosen.currency,
        "month" if by_month else chosen.dimension,
        "" if chosen.value is None else chosen.value,
    )
    kept = [one for one in changes if chosen.first <= one.cohort <= chosen.last]
    ages = 1 if chosen.age == EVER else chosen.age + 1
    line = lines(kept, month_of(shown.today), ages, lambda value, cohort: "").get("", Line())
    if chosen.age == EVER:
        return line.now_micro, None
    if chosen.measure == "joined":
        return line.base.net_micro, line.joined
    if chosen.age >= len(line.cells):
        return 0, 0
    cell = line.cells[chosen.age]
    if chosen.measure == "customers":
        return cell.gross_micro, cell.customers
    return (cell.net_micro, None) if chosen.measure == "net" else (cell.gross_micro, cell.customers)


def _heading(shown: Shown, wanted: Members) -> str:
    chosen = wanted.chosen
    if chosen.value is not None:
        names = names_of(shown.organization_id, [chosen.value]) if chosen.dimension == "plan" else {}
        return value_name(chosen.dimension, chosen.value, names)
    if chosen.first == chosen.last:
        return _("Customers since %(month)s") % {"month": named(chosen.first)}
    return str(_("All cohorts"))


def _row(one: Member, wanted: Members) -> MemberRow:
    amount, currency = one.amount_micro(wanted.chosen.measure), wanted.chosen.currency
    return MemberRow(
        one.name,
        one.customer_id,
        reverse("customer", args=[wanted.page.slug, one.connection_id, one.customer_id]),
        one.month,
        money(one.base_micro, currency),
        money(amount, currency),
        amount,
    )
