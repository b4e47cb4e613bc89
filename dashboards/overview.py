"""Everything that the dashboard shows about one month, as values ready to be drawn."""

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Organization
from dashboards.charts import balance_chart, stack, waterfall_chart
from dashboards.comparison import compared
from dashboards.emphasis import arr_first
from dashboards.formatting import Money, Writer, writer
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
from metrics.periods import month_text
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
        "rows": _rows(months, selection, opening),
        "balance_chart": balance_chart(months, selection, arr_first=arr),
        "waterfall_chart": waterfall_chart(months, selection),
        "waterfall_columns": [TERMS[kind].label for kind in stack(selection)],
        "terms": {name: TERMS[name] for name in ("mrr_growth_rate", "customers")},
        "plans": plan_rows(plans, month, opening),
        "rates_used": rates_used(selection, history),
    }


def _rows(months: list[Month], selection: Selection, opening: Opening) -> list[Row]:
    """Return the months, the latest first."""
    numbers, kinds = writer(selection.currency), stack(selection)
    return [_row(month, selection, opening, kinds, numbers) for month in reversed(months)]


def _row(
    month: Month, selection: Selection, opening: Opening, kinds: tuple[str, ...], numbers: Writer
) -> Row:
    flow = waterfall(month)
    growth = flow.mrr_growth_rate
    return Row(
        key=month_text(month.month),
        label=named(month.month),
        url=selection.url(month=month.month),
        chosen=month.month == selection.month,
        starting=numbers.money(month.starting_micro),
        movements=[_cell(month, kind, opening, numbers) for kind in kinds],
        mrr=numbers.money(month.ending_micro),
        arr=numbers.money(flow.arr),
        growth=numbers.percent(growth, signed=True),
        customers=month.customers_end,
        opens=opening.row(month, growth),
    )


def _cell(month: Month, kind: str, opening: Opening, numbers: Writer) -> Cell:
    amount = getattr(month, f"{kind}_micro")
    return Cell(kind, numbers.money(amount, signed=kind == "currency"), opening.kind(month, kind))
