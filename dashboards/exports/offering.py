"""What the buttons and the page of exports offer: tables with the inputs that narrow them, and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.exports import analyses, figures, payers, payments, published, stripe_shapes
from dashboards.exports.keeping import stopped
from dashboards.exports.making import MAKING
from dashboards.exports.parameters import OF_PAGES, PARAMETERS, Parameter
from dashboards.exports.registry import TABLES
from dashboards.exports.tables import Table
from dashboards.models import Export

State = Export.State
GROUPS: "tuple[tuple[str | Promise, tuple[Table, ...]], ...]" = (
    (gettext_lazy("Figures"), figures.TABLES),
    (gettext_lazy("Customers"), payers.TABLES),
    (gettext_lazy("Payments"), payments.TABLES),
    (gettext_lazy("Analysis"), analyses.TABLES),
    (gettext_lazy("Published and left out"), published.TABLES),
    (gettext_lazy("In the shape of Stripe's own files"), stripe_shapes.TABLES),
)


@dataclass(frozen=True, slots=True)
class Offered:
    """One table with its inputs."""

    table: Table
    inputs: list[tuple[str, Parameter]]


@dataclass(frozen=True, slots=True)
class File:
    """One export as the page shows it; `fetch` and `repeat` are addresses, empty where neither is open."""

    export: Export
    label: "str | Promise"
    narrowed: str
    state: str
    tone: str
    error: str
    fetch: str
    repeat: str

    @property
    def until(self) -> datetime:
        """Return when the file goes away."""
        return self.export.expires_at


def offered() -> "list[tuple[str | Promise, list[Offered]]]":
    """Return every table by group."""
    return [(label, [_offered(table) for table in tables]) for label, tables in GROUPS]


def _offered(table: Table) -> Offered:
    return Offered(table, [(name, PARAMETERS[name]) for name in table.parameters])


def chosen(table: Table, parameters: Mapping[str, str]) -> dict[str, str] | None:
    """Return what of a page's address narrows the table; None where something does that a file cannot."""
    known = set(table.parameters)
    told = {
        name: text
        for name, text in parameters.items()
        if text and name in known | (set(parameters) - OF_PAGES)
    }
    return told if told.keys() <= known else None


def files(slug: str, exports: list[Export]) -> list[File]:
    """Return exports with their state in words, and what can be done with each."""
    wrong = stopped(exports)
    return [_file(slug, one, wrong.get(one.id, "")) for one in exports]


def _file(slug: str, export: Export, wrong: str) -> File:
    failed = export.state == State.FAILED or bool(wrong)
    tone = {State.READY: "good", State.FAILED: "bad"}.get(State(export.state), "")
    table = TABLES.get(export.table)
    narrowed = " · ".join(f"{PARAMETERS[name].label}: {text}" for name, text in export.parameters.items())
    ready = export.state == State.READY
    return File(
        export=export,
        label=table.label if table else export.table,
        narrowed=narrowed or _("Everything"),
        state=str(State.FAILED.label if failed else State(export.state).label),
        tone="bad" if failed else tone,
        error=export.error or wrong,
        fetch=reverse("export_file", args=[slug, export.id]) if ready else "",
        repeat=reverse("export_repetition", args=[slug, export.id]) if failed else "",
    )


def is_waiting(shown: list[File]) -> bool:
    """Say whether any file is being made."""
    return any(one.export.state in MAKING and not one.repeat for one in shown)
