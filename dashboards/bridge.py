"""What four tools make of a month, as values ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import ngettext

from billing_sync.models import Payer
from dashboards.formatting import Money, money
from dashboards.links import Link
from dashboards.places import Places
from metrics.bridge.comparing import Place
from metrics.bridge.models import ComparedAmount, Comparison
from metrics.bridge.reading import Page
from metrics.bridge.rules import BESIDE, LABELS, WALK, Rule, Text
from metrics.bridge.vendors import VENDORS


@dataclass(frozen=True, slots=True)
class Column:
    """One tool: its name, its MRR, and how far that is from ours."""

    vendor: str
    name: str
    theirs: Money
    difference: Money


@dataclass(frozen=True, slots=True)
class Cell:
    """One rule of one tool: what it moves, and the page of the rows; no amount where it moves nothing."""

    tool: str
    known: bool
    amount: Money | None = None
    count: str = ""
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One rule over all tools."""

    label: Text
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Book:
    """One tool's rules with their citations, and the day on which they were read."""

    vendor: str
    name: str
    read_on: date
    unknown: int
    rules: list[tuple[Text, Rule]]


@dataclass(frozen=True, slots=True)
class Row:
    """One subscription below a cell."""

    name: str
    customer: str
    subscription: str
    before: Money
    after: Money
    moved: Money
    moved_micro: int
    url: str = ""
    subscription_url: str = ""


def walk_table(slug: str, where: Place, found: Mapping[str, Comparison]) -> dict[str, Any]:
    """Return the walk of every tool, side by side."""
    results = {name: found[name].result for name in VENDORS}
    ours = results["stripe"]["ours_micro"]
    return {
        "ours": money(ours, where.currency),
        "columns": [
            Column(
                name,
                VENDORS[name].name,
                money(one["theirs_micro"], where.currency),
                money(one["theirs_micro"] - ours, where.currency, signed=True),
            )
            for name, one in results.items()
        ],
        "lines": [
            Line(LABELS[rule], [_cell(slug, where, name, rule, results[name]["steps"]) for name in VENDORS])
            for rule in WALK
        ],
    }


def _cell(slug: str, where: Place, vendor: str, rule: str, steps: Mapping[str, Any]) -> Cell:
    tool = VENDORS[vendor].name
    if not VENDORS[vendor].rule(rule).known:
        return Cell(tool, known=False)
    step = steps[rule]
    count = step["subscriptions"]
    if not count:
        return Cell(tool, known=True)
    return Cell(
        tool,
        True,
        money(step["amount_micro"], where.currency, signed=True),
        ngettext("%(count)d subscription", "%(count)d subscriptions", count) % {"count": count},
        Link(step_url(slug, where, vendor, rule), amount_micro=step["amount_micro"]),
    )


def step_url(slug: str, where: Place, vendor: str, rule: str, after: str = "") -> str:
    """Return the address of the rows below a cell."""
    query = {"month": f"{where.month:%Y-%m}", "currency": where.currency}
    query |= {"after": after} if after else {}
    return f"{reverse('bridge_step', args=[slug, vendor, rule])}?{urlencode(query)}"


def books() -> list[Book]:
    """Return every tool's rules as its documentation states them."""
    found = []
    for rules in VENDORS.values():
        told = [(LABELS[name], rules.rule(name)) for name in (*WALK, *BESIDE)]
        unknown = sum(not rule.known for _, rule in told)
        found.append(Book(rules.vendor, rules.name, rules.read_on, unknown, told))
    return found


def drawn(page: Page, currency: str, where: Places) -> list[Row]:
    """Return rows below a cell with the names of their customers, and where these open."""
    names = names_of(page.rows)
    return [
        Row(
            names.get((one.connection_id, one.customer_id)) or one.customer_id,
            one.customer_id,
            one.subscription_id,
            money(one.ours_micro, currency),
            money(one.theirs_micro, currency),
            money(one.theirs_micro - one.ours_micro, currency, signed=True),
            one.theirs_micro - one.ours_micro,
            where.customer(one.connection_id, one.customer_id),
            where.stored(one.connection_id, one.subscription_id),
        )
        for one in page.rows
    ]


def names_of(rows: Sequence[ComparedAmount]) -> dict[tuple[UUID, str], str]:
    """Return the names of the rows' customers, else their addresses, as far as they are known."""
    if not rows:
        return {}
    payers = Payer.objects.filter(
        organization_id=rows[0].organization_id, customer_id__in={one.customer_id for one in rows}
    )
    known = payers.values_list("connection_id", "customer_id", "name", "email")
    return {(connection, customer): name or email for connection, customer, name, email in known}
