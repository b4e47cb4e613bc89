"""Customers: their balances, movements and segments, and whose MRR is at risk."""

from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.addresses import RATES
from dashboards.api.tokens import CUSTOMERS
from dashboards.exports.columns import Column, Kind, amount
from dashboards.exports.parameters import FILTERS, ExportError, Scope
from dashboards.exports.tables import Rows, Table, fixed
from metrics.evidence.search import beginning_with
from metrics.extracts import statements
from metrics.extracts.cursors import Extract
from metrics.extracts.netted import netted
from metrics.extracts.statements import Chosen

CURRENCY = Column("currency")
WHO = (Column("connection_id"), Column("customer_id"))
NAMED = (
    *WHO,
    Column("customer_name", personal=True),
    Column("customer_email", personal=True),
)


def moved(scope: Scope) -> Rows:
    """Return movements as the page that was asked nets them: a month as the definition says, days by day."""
    window, chosen = _window(scope), _moved(scope)
    if chosen.only.text and beginning_with(scope.shown, chosen.only.text).more:
        raise ExportError(_("More than 1,000 customers begin so. Write more letters."))
    stored = window == "day"
    return statements.movements(scope.shown, chosen) if stored else netted(scope.shown, window, chosen)


def _moved(scope: Scope) -> Chosen:
    chosen = scope.chosen()
    kind = chosen.kind or RATES.get(scope.text("rate"), "")
    return replace(chosen, kind=kind, on=None)


def _window(scope: Scope) -> str:
    asked = scope.text("window")
    return asked or (scope.shown.definition.movement_window if scope.text("month") else "day")


def many_moved(scope: Scope, most: int) -> bool:
    """Say whether more movements than so many lie in the days that are netted, whatever else is chosen."""
    start, end = scope.days()
    every = statements.movements(scope.shown, Chosen(start=start, end=end))
    if _window(scope) != "day":
        every = statements.movements(scope.shown, Chosen(start=date.min, end=date.max))
    # Of so many all are looked at within a request, whatever narrows them.
    return every.exceeds(4 * most)


def _customers(scope: Scope) -> Extract:
    return statements.customers(scope.shown, scope.chosen())


def _segments(scope: Scope) -> Extract:
    return statements.segments(scope.shown, scope.chosen())


def _exposure(scope: Scope) -> Extract:
    return statements.exposure(scope.shown, scope.text("currency"), scope.text("diagnosis"))


def _many_held(scope: Scope, most: int) -> bool:
    """Say whether more segments hold than so many customers are likely to have."""
    return _customers(scope).exceeds(2 * most)


TABLES = (
    Table(
        "movements",
        gettext_lazy("Movements"),
        gettext_lazy("Every change of a customer's MRR, with its kind and reasons."),
        fixed(
            Column("date", Kind.DAY),
            Column("at", Kind.INSTANT),
            NAMED,
            Column("kind"),
            amount("amount"),
            amount("mrr_after"),
            CURRENCY,
            Column("subscription_ids", Kind.WORDS),
            Column("reasons", Kind.WORDS),
        ),
        moved,
        ("month", "from", "to", "currency", "kind", "rate", "plan", *FILTERS, "window"),
        scope=CUSTOMERS,
        large=many_moved,
        personal=True,
    ),
    Table(
        "customers",
        gettext_lazy("Customers"),
        gettext_lazy("What each customer is worth at the end of a day."),
        fixed(
            NAMED,
            CURRENCY,
            amount("mrr"),
            amount("arr"),
            amount("committed_mrr"),
            amount("contracted_arr"),
            Column("since", Kind.DAY),
        ),
        _customers,
        ("on", "currency", "plan"),
        needs=("on",),
        scope=CUSTOMERS,
        large=_many_held,
        personal=True,
    ),
    Table(
        "segments",
        gettext_lazy("Segments"),
        gettext_lazy("What each subscription item was worth from when to when, with what proves it."),
        fixed(
            WHO,
            Column("subscription_id"),
            Column("item_id"),
            Column("from", Kind.INSTANT),
            Column("to", Kind.INSTANT),
            CURRENCY,
            Column("price_id"),
            Column("product_id"),
            Column("interval"),
            Column("quantity", Kind.COUNT),
            amount("mrr"),
            amount("committed_mrr"),
            Column("contracted", Kind.FLAG),
            Column("excluded"),
            Column("discounts", Kind.WORDS),
            Column("cancellation"),
            Column("evidence", Kind.WORDS),
            Column("precision"),
        ),
        _segments,
        ("connection", "customer", "on", "currency", "plan"),
        scope=CUSTOMERS,
    ),
    Table(
        "exposure",
        gettext_lazy("Exposure"),
        gettext_lazy("Whose MRR may go, each with what leads or with one diagnosis."),
        fixed(
            NAMED,
            Column("diagnosis"),
            CURRENCY,
            amount("mrr_at_risk"),
            Column("due_at", Kind.INSTANT),
            Column("leads", Kind.FLAG),
        ),
        _exposure,
        ("currency", "diagnosis"),
        scope=CUSTOMERS,
        personal=True,
        resumes=False,
    ),
)
