"""Payments that failed, came in after all or were given back, and why customers left."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from dashboards.api.tokens import CUSTOMERS
from dashboards.exports.columns import Column, Kind, amount
from dashboards.exports.parameters import Scope
from dashboards.exports.payers import CURRENCY, NAMED
from dashboards.exports.tables import Table, fixed
from metrics.extracts import statements
from metrics.extracts.cursors import Extract, Row
from metrics.payments.sums import Month, reasons


def _payments(name: str, scope: Scope) -> Extract:
    start, end = scope.days()
    day = scope.day("day")
    if day is not None:
        start, end = day, day + timedelta(days=1)
    return statements.payments(scope.shown, name, scope.text("currency"), start, end, scope.text("why"))


def _listed(name: str, label: Promise, meaning: Promise, *columns: Column, more: str = "") -> Table:
    """Return the table of one list of payments."""
    read: Callable[[Scope], Extract] = partial(_payments, name)
    return Table(
        {"failed": "failed_payments", "recovered": "recovered_payments"}.get(name, name),
        label,
        meaning,
        fixed(*columns),
        read,
        tuple(filter(None, ("month", "from", "to", "day", "currency", more))),
        needs=("currency",),
        scope=CUSTOMERS,
        personal=True,
        resumes=name == "cancellations",
    )


def _reasons(scope: Scope) -> Iterator[Row]:
    month, currency = scope.month(), scope.text("currency")
    for one in reasons(scope.shown, Month(currency, month)):
        yield (month, currency, one.kind, one.codes, one.customers, one.lost_micro)


PAYMENT = (*NAMED, *amount("amount"), CURRENCY)
FAILED = (
    Column("failed_at", Kind.INSTANT),
    *PAYMENT,
    Column("invoice_status"),
    Column("invoice_id"),
    Column("paid_at", Kind.INSTANT),
)
TABLES = (
    _listed(
        "failed",
        gettext_lazy("Failed payments"),
        gettext_lazy("Invoices by their first failed attempt, and what became of them."),
        *FAILED,
    ),
    _listed(
        "recovered",
        gettext_lazy("Recovered payments"),
        gettext_lazy("Invoices that failed first and were paid since."),
        *FAILED,
    ),
    _listed(
        "refunds",
        gettext_lazy("Refunds"),
        gettext_lazy("What was given back. It never lowers MRR by itself."),
        Column("refunded_at", Kind.INSTANT),
        *PAYMENT,
        Column("status"),
        Column("refund_id"),
    ),
    _listed(
        "cancellations",
        gettext_lazy("Customers who left"),
        gettext_lazy("Customers whose MRR went to 0, netted by local day."),
        Column("date", Kind.DAY),
        *NAMED,
        *amount("mrr_lost"),
        CURRENCY,
        Column("reasons"),
        more="why",
    ),
    Table(
        "cancellation_reasons",
        gettext_lazy("Reasons of leaving"),
        gettext_lazy("Why customers left in a month, and the MRR that they took."),
        fixed(
            Column("month", Kind.MONTH),
            CURRENCY,
            Column("class"),
            Column("reasons", Kind.WORDS),
            Column("customers", Kind.COUNT),
            amount("mrr_lost"),
        ),
        _reasons,
        ("month", "currency"),
        needs=("month", "currency"),
    ),
)
