"""Everything that the dashboard shows about one month, as values ready to be drawn."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from accounts.models import Organization
from dashboards.charts import balance_chart, labels_of, stack, waterfall_chart
from dashboards.comparison import compared
from dashboards.emphasis import arr_first
from dashboards.formatting import Writer, writer
from dashboards.glossary import TERMS
from dashboards.links import Link
from dashboards.opening import Opening, opened_figures, opening_of
from dashboards.plans import plan_rows
from dashboards.reporting import plan_shares, rates_used
from dashboards.selection import Selection, choices
from dashboards.snapshot import snapshot
from metrics.core.rates import Waterfall
from metrics.exchange.converting import Reported
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.queries import Shown


class Cell(NamedTuple):
    """One number of one month: its place in the row, where that has a name, and the rows that it opens."""

    place: str
    text: str
    opens: Link | None


@dataclass(frozen=True, slots=True)
class Row:
    """One month of the tables beside the charts: what it ended with, and what led there."""

    key: str
    label: str
    url: str
    chosen: bool
    ends: list[Cell]
    flow: list[Cell]


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
    month, before = months[-1], compared(shown, selection, history, months)
    arr, numbers = arr_first(emphasis, month), writer(selection.currency)
    flows = [waterfall(month) for month in months]
    figures = snapshot(month, before, arr_first=arr)
    plans = plan_shares(organization.id, selection, history, month)
    moved = waterfall_chart(months, flows, selection, numbers)
    return {
        "selection": selection,
        "choices": choices(selection, history.currencies(), converts=True),
        "figures": opened_figures(figures, opening, month, before),
        "comparison": before.note,
        "arr_first": arr,
        "rows": _rows(months, flows, moved["series"], selection, opening),
        "balance_chart": balance_chart(months, selection, numbers, arr_first=arr),
        "waterfall_chart": moved,
        "waterfall_columns": [TERMS[kind].label for kind in stack(selection)],
        "terms": {name: TERMS[name] for name in ("mrr_growth_rate", "customers")},
        "plans": plan_rows(plans, month, opening),
        "rates_used": rates_used(selection, history),
    }


def _rows(
    months: list[Month],
    flows: list[Waterfall],
    series: list[dict[str, Any]],
    selection: Selection,
    opening: Opening,
) -> list[Row]:
    """Return the months, the latest first; their movements in the words of the chart."""
    numbers, kinds, labels = writer(selection.currency), stack(selection), labels_of(months)
    rows = []
    for at, (month, flow) in enumerate(zip(months, flows, strict=True)):
        moved = [(kind, one["text"][at]) for kind, one in zip(kinds, series, strict=False)]
        rows.append(
            Row(
                labels.months[at],
                labels.long[at],
                selection.url(month=month.month),
                month.month == selection.month,
                *_cells(month, flow, moved, opening, numbers),
            )
        )
    return rows[::-1]


def _cells(
    month: Month, flow: Waterfall, moved: list[tuple[str, str]], opening: Opening, numbers: Writer
) -> tuple[list[Cell], list[Cell]]:
    growth, mrr = flow.mrr_growth_rate, numbers.text(month.ending_micro)
    opens = opening.row(month, growth)
    ends = [
        Cell("mrr", mrr, opens["mrr"]),
        Cell("", numbers.text(flow.arr), opens["arr"]),
        Cell("", numbers.percent(growth, signed=True), opens.get("growth")),
        Cell("", str(month.customers_end), opens["customers"]),
    ]
    between = [Cell(kind, text, opening.kind(month, kind)) for kind, text in moved]
    starting = Cell("", numbers.text(month.starting_micro), opens["starting"])
    return ends, [starting, *between, Cell("ending", mrr, opens["mrr"])]
