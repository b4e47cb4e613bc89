"""Cohorts in words, ready to be drawn: a table of months, the curves, and where each cell opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.cohort_addresses import NOW, SPANS, Cohorts
from dashboards.cohort_curves import curves
from dashboards.cohort_words import LABELS, MEANINGS
from dashboards.counted import FEW, as_of
from dashboards.formatting import money, number, percent
from dashboards.links import Link
from dashboards.narrowing import country_name
from dashboards.plans import plan_label
from dashboards.selection import Choice, named
from metrics.cohorts.reading import DIMENSIONS, EVERYONE, largest, of_value
from metrics.cohorts.table import MEASURES, Cell, Change, Line, lines
from metrics.months import Months
from metrics.periods import month_of, shift
from metrics.plans.names import names_of
from metrics.queries import Shown

# How dark a cell is: one step for every tenth that is left.
STEPS = 10


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell: its rate, or of too few customers only what it comes to; `heat` is its step, "" without."""

    text: str
    detail: str
    heat: str
    opens: Link
    so_far: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One cohort: how many joined, what they are worth now, and its cells as far as they have come."""

    label: str
    joined: Link
    joined_text: str
    left_at_once: str
    now: Link
    now_text: str
    cells: list[HeatCell]
    missing: range


class Group(NamedTuple):
    """Whom a row holds: of one value or of all, who began in `[first, last]`."""

    label: str
    value: str | None = None
    first: date | None = None
    last: date | None = None


def cohorts_page(shown: Shown, months: Months, wanted: Cohorts) -> dict[str, Any]:
    """Return what the page shows."""
    present = month_of(shown.today)
    changes, groups = _grouped(shown, wanted, present)
    found = _lines(changes, groups, wanted, present)
    together = [one for one in changes if wanted.by == "month" or one.value == EVERYONE]
    whole = lines(together, present, wanted.span, lambda value, cohort: "").get("", Line())
    # All have come as far as the oldest, so they tell how many months there are.
    width = len(whole.cells)
    everyone = _row(Group(str(_("All cohorts"))), whole, wanted, present, width)
    rows = [_row(group, line, wanted, present, width) for group, line in found if line.joined]
    return {
        "as_of": as_of(shown),
        "wanted": wanted,
        "meaning": MEANINGS[wanted.measure],
        "heading": LABELS[wanted.by],
        "measure": LABELS[wanted.measure],
        "everyone": everyone if whole.joined else None,
        "rows": rows,
        "ages": range(width),
        "few": FEW,
        "more": sum(line.joined for _group, line in found) < whole.joined,
        "curves": curves(
            [(str(_("All cohorts")), whole), *((group.label, line) for group, line in found)], wanted
        ),
        "csv_url": wanted.url("cohorts_csv"),
        **_offered(months, wanted),
    }


def _grouped(shown: Shown, wanted: Cohorts, present: date) -> tuple[list[Change], dict[str, Group]]:
    if wanted.by == "month":
        changes = of_value(shown, wanted.currency, "month", "")
        return changes, _months(changes, wanted, present)
    changes = largest(shown, wanted.currency, wanted.by, wanted.span)
    return changes, _values(shown, changes, wanted.by)


def _offered(months: Months, wanted: Cohorts) -> dict[str, list[Choice]]:
    """Return what can be chosen, each as the address with that alone changed."""

    def offer(name: str, value: str | int, label: str) -> Choice:
        chosen = getattr(wanted, name) == value
        return Choice(str(value), label, replace(wanted, **{name: value}).url(), chosen)  # type: ignore[arg-type]

    return {
        "dimensions": [offer("by", one, str(LABELS[one])) for one in DIMENSIONS],
        "measures": [offer("measure", one, str(LABELS[one])) for one in MEASURES],
        "spans": [offer("span", one, _span(one)) for one in SPANS],
        "currencies": [offer("currency", one, one.upper()) for one in months.currencies()],
    }


def _span(months: int) -> str:
    return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}


def _months(changes: list[Change], wanted: Cohorts, present: date) -> dict[str, Group]:
    """Return the newest cohorts by their months, and one group of all that began earlier."""
    first = shift(present, 1 - wanted.span)
    groups = {"": Group(str(_("Earlier")), last=shift(first, -1))}
    for cohort in sorted({one.cohort for one in changes if one.cohort >= first}):
        groups[f"{cohort:%Y-%m}"] = Group(named(cohort), first=cohort, last=cohort)
    return groups


def _values(shown: Shown, changes: list[Change], by: str) -> dict[str, Group]:
    """Return the plans or countries, those first that most customers began with."""
    joined: dict[str, int] = {}
    for one in changes:
        joined[one.value] = joined.get(one.value, 0) + one.joined
    joined.pop(EVERYONE, None)
    ranked = sorted(joined, key=lambda value: (-joined[value], value))
    names = names_of(shown.organization_id, ranked) if by == "plan" else {}
    return {value: Group(value_name(by, value, names), value=value) for value in ranked}


def value_name(by: str, value: str, names: Mapping[str, tuple[str, str]]) -> str:
    """Return what a plan or a country is called."""
    if by == "plan":
        return plan_label(names, value)
    return country_name(value) if value else str(_("Country unknown"))


def _lines(
    changes: list[Change], groups: Mapping[str, Group], wanted: Cohorts, present: date
) -> list[tuple[Group, Line]]:
    def place(value: str, cohort: date) -> str:
        if wanted.by != "month":
            return value
        return f"{cohort:%Y-%m}" if f"{cohort:%Y-%m}" in groups else ""

    found = lines(changes, present, wanted.span, place)
    return [(group, found[key]) for key, group in groups.items() if key in found]


def _row(group: Group, line: Line, wanted: Cohorts, present: date, width: int) -> HeatRow:
    url = wanted.members(value=group.value, first=group.first, last=group.last)
    own = f"{url}&measure={wanted.measure}&age="
    left = line.joined - line.base.base_customers
    cells = []
    for age, cell in enumerate(line.cells):
        so_far = group.first is not None and shift(group.first, age) == present
        cells.append(_cell(cell, wanted, f"{own}{age}", so_far))
    words = ngettext(
        "%(count)s left within the month", "%(count)s left within their first month", max(left, 1)
    ) % {"count": number(left)}
    return HeatRow(
        group.label,
        Link(f"{url}&measure=joined&age=0", count=line.joined),
        number(line.joined),
        words if left > 0 else "",
        Link(f"{url}&measure=net&age={NOW}", amount_micro=line.now_micro),
        str(money(line.now_micro, wanted.currency)),
        cells,
        range(width - len(cells)),
    )


def _cell(cell: Cell, wanted: Cohorts, url: str, so_far: bool) -> HeatCell:
    rate, measure = cell.rate(wanted.measure), wanted.measure
    if measure == "customers":
        told = _("%(left)s of %(all)s") % {
            "left": number(cell.customers),
            "all": number(cell.base_customers),
        }
        opens = Link(url, count=cell.customers)
    else:
        amount = cell.net_micro if measure == "net" else cell.gross_micro
        told, opens = str(money(amount, wanted.currency)), Link(url, amount_micro=amount)
    if rate is None or cell.base_customers < FEW:
        return HeatCell(told, "", "", opens, so_far)
    return HeatCell(percent(rate), told, str(_step(rate)), opens, so_far)


def _step(rate: Fraction) -> int:
    return max(0, min(STEPS, int(rate * STEPS)))
