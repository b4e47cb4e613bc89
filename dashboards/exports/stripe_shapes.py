"""The three files of Stripe's Billing analytics in their shape, from our numbers; see docs/exports.md."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext_lazy

from dashboards.api.tokens import CUSTOMERS
from dashboards.exports.columns import Column, Kind, rate
from dashboards.exports.figures import months_of
from dashboards.exports.parameters import Scope
from dashboards.exports.payers import many_moved
from dashboards.exports.tables import Table, fixed
from metrics.extracts import statements
from metrics.extracts.by_month import subscribers_by_month
from metrics.extracts.cursors import Extract, Row
from metrics.model import waterfall
from metrics.periods import last_months

PERSON = (Column("Customer", personal=True), Column("Customer Email", personal=True), Column("Customer ID"))
CURRENCY = Column("Currency")
MONEY = ("MRR at Start", "New MRR", "Reactivation MRR", "Expansion MRR", "Contraction MRR", "Churned MRR")
SUBSCRIBERS = ("Subscribers at Start", "New Subscribers", "Reactivated Subscribers", "Churned Subscribers")
SPAN, MOST_SPAN = 12, 120


def _money(name: str) -> Column:
    return Column(name, Kind.MAJOR, currency=CURRENCY.name)


def _months(scope: Scope) -> list[date]:
    span = min(int(scope.text("span") or SPAN), MOST_SPAN)
    return last_months(scope.month(), span)


def _by_month(scope: Scope) -> tuple[Column, ...]:
    ends = (_money(f"{month:%Y-%m}") for month in _months(scope))
    dates = (Column("Start Date", Kind.DAY), Column("End Date", Kind.DAY))
    return (*PERSON, *dates, CURRENCY, *ends)


def _subscribers(scope: Scope) -> Extract:
    return subscribers_by_month(scope.shown, scope.text("currency"), _months(scope))


def _summary(scope: Scope) -> Iterator[Row]:
    for one in months_of(scope):
        flow = waterfall(one)
        money = (flow.starting, flow.new, flow.reactivation, flow.expansion, flow.contraction, flow.churn)
        counts = (one.customers_start, one.customers_new, one.customers_reactivated, one.customers_churned)
        churned = rate(flow.customer_churn_rate), rate(flow.gross_mrr_churn_rate)
        value = (None if each is None else round(each) for each in (flow.arpa, flow.ltv))
        yield (
            one.month,
            one.currency,
            *money,
            flow.ending,
            *counts,
            one.customers_end,
            *churned,
            *value,
        )


def _changes(scope: Scope) -> Extract:
    return statements.changes(scope.shown, scope.chosen())


TABLES = (
    Table(
        "stripe_mrr_per_subscriber",
        gettext_lazy("MRR per subscriber per month"),
        gettext_lazy("In the shape of Stripe's own file: a row a customer, a column a month."),
        _by_month,
        _subscribers,
        ("month", "span", "currency"),
        needs=("month",),
        scope=CUSTOMERS,
        large=lambda scope, most: _subscribers(scope).exceeds(most),
        personal=True,
    ),
    Table(
        "stripe_metrics_summary",
        gettext_lazy("Subscription metrics summary"),
        gettext_lazy("What Stripe's own file tells of each month: MRR and subscribers from start to end."),
        fixed(
            Column("Month", Kind.MONTH),
            CURRENCY,
            tuple(_money(name) for name in (*MONEY, "MRR at End")),
            tuple(Column(name, Kind.COUNT) for name in (*SUBSCRIBERS, "Subscribers at End")),
            Column("Subscriber Churn Rate", Kind.RATE),
            Column("Gross MRR Churn Rate", Kind.RATE),
            _money("ARPU"),
            _money("Subscriber LTV"),
        ),
        _summary,
        ("month", "span", "currency"),
    ),
    Table(
        "stripe_customer_mrr_changes",
        gettext_lazy("Customer MRR changes"),
        gettext_lazy("What Stripe's own file logs: every change of a customer's MRR, by local day."),
        fixed(
            Column("Date", Kind.DAY),
            PERSON,
            Column("Type"),
            _money("MRR Change"),
            _money("MRR"),
            CURRENCY,
        ),
        _changes,
        ("month", "from", "to", "currency", "kind"),
        scope=CUSTOMERS,
        large=many_moved,
        personal=True,
    ),
)
