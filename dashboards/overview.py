"""Everything that the dashboard shows about one month, as values ready to be drawn."""

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Organization
from dashboards.charts import balance_chart, stack, waterfall_chart
from dashboards.comparison import compared
from dashboards.emphasis import arr_first
from dashboards.formatting import Money, money, percent
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.opening import Opening, opened_figures, opening_of
from dashboards.plans import plan_rows
from dashboards.reporting import plan_shares, rates_used
from dashboards.selection import Selection, choices, named
from dashboards.snapshot import snapshot
from metrics.exchange.converting import Reported
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class Cell:
    """One movement of one month."""

    kind: str
    amount: Money
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One month of the tables beside the charts."""

    key: str
    label: str
    url: str
    chosen: bool
    starting: Money
    movements: list[Cell]
    mrr: Money
    arr: Money
    growth: str
    customers: int
    opens: dict[str, Link] = field(default_factory=dict)


def overview(
    organization: Organization,
    selection: Selection,
    history: Months | Reported,
    shown: Shown,
    emphasis: str,
) -> dict[str, Any]:
    """Return the dashboard's rows for a selection, each figure with the rows that it opens."""
    opening = opening_of(organization.slug, selection, shown.today)
    months = history.last(selection.length, selection.currency, until=selection.month)
    month, before = months[-1], compared(shown, selection, history)
    arr = arr_first(emphasis, month)
    figures = snapshot(month, before, arr_first=arr)
    plans = plan_shares(organization.id, selection, history, month)
    return {
        "selection": selection,
        "choices": choices(selection, history.currencies(), converts=True),
        "figures": opened_figures(figures, opening, month, before),
        "comparison": before.note,
        "arr_first": arr,
        "rows": [_row(month, selection, opening) for month in reversed(months)],
        "balance_chart": balance_chart(months, selection, arr_first=arr),
        "waterfall_chart": waterfall_chart(months, selection),
        "waterfall_columns": [TERMS[kind].label for kind in stack(selection)],
        "terms": {name: TERMS[name] for name in ("mrr_growth_rate", "customers")},
        "plans": plan_rows(plans, month, opening),
        "rates_used": rates_used(selection, history),
    }


def _row(month: Month, selection: Selection, opening: Opening) -> Row:
    currency, flow = month.currency, waterfall(month)
    return Row(
        key=f"{month.month:%Y-%m}",
        label=named(month.month),
        url=selection.url(month=month.month),
        chosen=month.month == selection.month,
        starting=money(month.starting_micro, currency),
        movements=[_cell(month, kind, opening) for kind in stack(selection)],
        mrr=money(month.ending_micro, currency),
        arr=money(flow.arr, currency),
        growth=percent(flow.mrr_growth_rate, signed=True),
        customers=month.customers_end,
        opens=opening.row(month),
    )


def _cell(month: Month, kind: str, opening: Opening) -> Cell:
    amount = getattr(month, f"{kind}_micro")
    return Cell(kind, money(amount, month.currency, signed=kind == "currency"), opening.kind(month, kind))
