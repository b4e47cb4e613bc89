"""Closed months and restatements in words: why a month cannot be closed, and what changed one since."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.definition_words import label, said
from dashboards.formatting import DASH, money, number, percent
from dashboards.links import Link
from dashboards.opening import Opening
from dashboards.places import Places
from dashboards.selection import named
from dashboards.snapshot import MOVEMENTS
from metrics.core.rates import Waterfall
from metrics.flows import Month
from metrics.model import waterfall
from metrics.restating.closings import Published, Refusal
from metrics.restating.entries import ACCOUNTS, DEFINITION, EDITION, ERASURE, LATE_EVENT
from metrics.restating.models import ClosedBalance, Restatement

REFUSALS: Mapping[str, "str | Promise"] = {
    Refusal.NO_NUMBERS: gettext_lazy("There are no numbers yet. Connect a Stripe account first."),
    Refusal.NOT_ENDED: gettext_lazy(
        "This month has not ended yet. It can be closed from its last midnight on."
    ),
    Refusal.CLOSED: gettext_lazy("This month is closed already."),
    Refusal.EMPTY: gettext_lazy("This month holds no figures, so there is nothing to close."),
    Refusal.COMPUTING: gettext_lazy(
        "The numbers are being computed at present. Close the month in a minute."
    ),
    Refusal.BEHIND: gettext_lazy(
        "Stripe has not been read to the end of this month. Close it once the line below says so."
    ),
    Refusal.UNHEALTHY: gettext_lazy(
        "A connected account is not up to date and complete. See to it on the Sync page, then close "
        "the month."
    ),
}
CAUSES: Mapping[str, "str | Promise"] = {
    DEFINITION: gettext_lazy("The rules changed"),
    LATE_EVENT: gettext_lazy("Stripe told it later"),
    ERASURE: gettext_lazy("Data were deleted"),
    ACCOUNTS: gettext_lazy("An account was added"),
    EDITION: gettext_lazy("A new release of Millrace computes it otherwise"),
}
FIGURES: Mapping[str, "str | Promise"] = {
    "starting": gettext_lazy("MRR at the start"),
    "new": gettext_lazy("New"),
    "expansion": gettext_lazy("Expansion"),
    "reactivation": gettext_lazy("Reactivation"),
    "contraction": gettext_lazy("Contraction"),
    "churn": gettext_lazy("Churned"),
    "ending": gettext_lazy("MRR at the end"),
    "arr": gettext_lazy("ARR"),
    "contracted_arr": gettext_lazy("Contracted ARR"),
    "committed": gettext_lazy("Committed MRR"),
    "revenue_churn_rate": gettext_lazy("Revenue churn rate"),
    "net_revenue_retention": gettext_lazy("Net revenue retention"),
    "customers_start": gettext_lazy("Customers at the start"),
    "customers_churned": gettext_lazy("Customers churned"),
    "customers_end": gettext_lazy("Customers at the end"),
}
COUNTS = ("customers_start", "customers_churned", "customers_end")
# The balances that a list of customers shows, how often they count, and the month's balance.
BALANCES = {
    "committed": ("committed_mrr", 1, "committed_micro"),
    "contracted_arr": ("contracted_arr", 12, "contracted_micro"),
}
RATES = ("revenue_churn_rate", "net_revenue_retention")


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure as published and as it stands by now."""

    label: str
    published: str
    restated: str
    changed: bool
    opens: Link | None


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One customer whose month differs from what was published."""

    customer: str
    currency: str
    cells: tuple[str, str, str, str]
    url: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One restatement in a line."""

    id: Any
    at: datetime
    cause: str
    detail: list[str]
    months: str
    by: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One figure of a month that an entry changed."""

    month: str
    currency: str
    label: str
    before: str
    after: str


def figure_rows(held: Published, slug: str, today: date) -> list[FigureRow]:
    """Return every figure of a closed month; what it is by now opens its rows."""
    then, now = waterfall(held.before), waterfall(held.after)
    opening = Opening(slug, held.row.currency, today)
    month = Month(month=held.row.month, **asdict(held.after))
    return [
        FigureRow(
            str(text),
            _cell(name, then),
            _cell(name, now),
            getattr(then, name) != getattr(now, name),
            _opened(name, opening, month),
        )
        for name, text in FIGURES.items()
    ]


def _opened(name: str, opening: Opening, month: Month) -> Link | None:
    """Open a figure of a month; counts of who left, and retention, stand for no rows of their own."""
    if name in ("ending", "arr", *MOVEMENTS, "revenue_churn_rate"):
        return opening.figure("mrr" if name == "ending" else name, month)
    if name == "starting":
        return opening.starting(month)
    if name == "customers_end":
        return opening.holders(month)
    if name in BALANCES:
        figure, times, balance = BALANCES[name]
        url = opening.customers(opening.month_end(month.month), figure=figure)
        return Link(url, amount_micro=times * getattr(month, balance))
    return None


def balance_row(one: ClosedBalance, opens: Places) -> BalanceRow:
    """Return one customer's MRR before and at the end of the month, published and by now."""
    restated = one.restated or {}
    amounts = (
        one.starting_micro,
        restated.get("starting", 0),
        one.ending_micro,
        restated.get("ending", 0),
    )
    first, second, third, fourth = (str(money(each, one.currency)) for each in amounts)
    url = opens.customer(one.connection_id, one.customer_id)
    return BalanceRow(one.customer_id, one.currency.upper(), (first, second, third, fourth), url)


def entry_row(entry: Restatement) -> EntryRow:
    """Return one entry of the ledger."""
    return EntryRow(
        entry.id,
        entry.at,
        str(CAUSES.get(entry.cause, entry.cause)),
        list(_detail(entry)),
        _span(entry.months),
        str(entry.by) if entry.by else "",
    )


def change_rows(changes: Iterable[Mapping[str, Any]]) -> list[ChangeRow]:
    """Return the figures that an entry changed; those that only follow from them are left out."""
    rows = []
    for one in changes:
        name = one["figure"].removesuffix("_micro")
        if name not in FIGURES:
            continue
        currency, counted = one["currency"], name in COUNTS
        old, new = (
            str(each) if counted else str(money(each, currency)) for each in (one["before"], one["after"])
        )
        month = named(date.fromisoformat(one["month"]))
        rows.append(ChangeRow(month, currency.upper(), str(FIGURES[name]), old, new))
    return rows


def _cell(name: str, flow: Waterfall) -> str:
    value = getattr(flow, name)
    if name in RATES:
        return percent(value)
    return str(value) if name in COUNTS else str(money(value, flow.currency))


def _detail(entry: Restatement) -> Iterable[str]:
    for name, (old, new) in entry.detail.get("settings", {}).items():
        words = {"setting": label(name), "before": said(name, old), "after": said(name, new)}
        yield _("%(setting)s: from “%(before)s” to “%(after)s”") % words
    if "version_after" in entry.detail:
        versions = {"before": entry.detail["version_before"], "after": entry.detail["version_after"]}
        yield _("definition version %(before)d to %(after)d") % versions
    if "customers" in entry.detail:
        counts = {name: number(entry.detail[name]) for name in ("customers", "subscriptions")}
        yield _("customers: %(customers)s, subscriptions: %(subscriptions)s") % counts


def _span(months: list[date]) -> str:
    if not months:
        return DASH
    if len(months) == 1:
        return named(months[0])
    return _("%(first)s to %(last)s") % {"first": named(months[0]), "last": named(months[-1])}
