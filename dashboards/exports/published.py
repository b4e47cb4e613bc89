"""What was said and published: alerts, restatements, closed months, rates; and what is not in MRR."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from dashboards.api.tokens import CUSTOMERS
from dashboards.exports.columns import Column, Kind, amount
from dashboards.exports.parameters import Scope
from dashboards.exports.payers import CURRENCY, WHO
from dashboards.exports.tables import Table, fixed
from metrics.alerts.models import Alert
from metrics.exchange.models import ExchangeRate
from metrics.extracts.cursors import Row
from metrics.invoiced import queries as ledger
from metrics.restating import closings
from metrics.restating.figures import FIGURES
from metrics.restating.models import Restatement


def _alerts(scope: Scope) -> Iterator[Row]:
    rows = Alert.objects.filter(organization_id=scope.shown.organization_id)
    rows = rows.filter(currency=scope.text("currency")) if scope.text("currency") else rows
    for one in rows.order_by("fired_on", "id"):
        told = one.value, one.threshold, one.rules_version, one.created_at
        yield (str(one.id), one.rule, one.currency, one.fired_on, one.recovered_on, *told)


def _restatements(scope: Scope) -> Iterator[Row]:
    rows = Restatement.objects.filter(organization_id=scope.shown.organization_id)
    for one in rows.order_by("at", "id"):
        for change in one.changes:
            figure, counted = change["figure"], change["figure"].startswith("customers")
            values = change["before"], change["after"]
            told = (one.at, one.cause, one.definition_version, str(one.id), one.objects_named)
            yield (*told, change["month"][:7], change["currency"], figure, not counted, *values)


def _closed(scope: Scope) -> Iterator[Row]:
    rows = closings.closed(scope.shown.organization_id).order_by("month", "currency")
    for row in rows.filter(month=scope.month()) if scope.text("month") else rows:
        held = closings.published(row)
        for figure in FIGURES:
            values = getattr(held.before, figure), getattr(held.after, figure)
            told = (row.month, row.currency, row.closed_at, row.definition_version)
            yield (*told, figure, not figure.startswith("customers"), *values)


def _rates(scope: Scope) -> Iterator[Row]:
    rows = ExchangeRate.objects.filter(organization_id=scope.shown.organization_id)
    for one in rows.order_by("base", "quote", "on"):
        yield (one.base, one.quote, one.on, one.rate, one.source)


def _excluded(scope: Scope) -> Iterator[Row]:
    month, currency = scope.month(), scope.text("currency")
    for rule, one in ledger.split_lines(scope.shown, currency, month):
        connection_id, customer_id, invoice_id, _position = one.key
        named = invoice_id, one.line_id, one.subscription_id, one.price_id
        told = one.billed_on, one.kind, one.status, connection_id, customer_id, *named
        yield (rule, one.part_micro, one.amount_micro, currency, *told)


def _many_lines(scope: Scope, most: int) -> bool:
    return ledger.month(scope.shown, scope.text("currency"), scope.month()).lines > most


# Figures of customers are counts, all others millionths of the currency's minor unit.
CHANGED = (Column("figure"), Column("is_micro", Kind.FLAG))
TABLES = (
    Table(
        "alerts",
        gettext_lazy("Alerts"),
        gettext_lazy("When each rule fired and cleared; values are exact fractions."),
        fixed(
            Column("id"),
            Column("rule"),
            CURRENCY,
            Column("fired_on", Kind.DAY),
            Column("recovered_on", Kind.DAY),
            Column("value"),
            Column("threshold"),
            Column("rules_version", Kind.COUNT),
            Column("created_at", Kind.INSTANT),
        ),
        _alerts,
        ("currency",),
    ),
    Table(
        "restatements",
        gettext_lazy("Restatements"),
        gettext_lazy("Every change of a published figure, before and after."),
        fixed(
            Column("at", Kind.INSTANT),
            Column("cause"),
            Column("definition_version", Kind.COUNT),
            Column("id"),
            Column("object_ids", Kind.WORDS),
            Column("month"),
            CURRENCY,
            CHANGED,
            Column("before", Kind.COUNT),
            Column("after", Kind.COUNT),
        ),
        _restatements,
        scope=CUSTOMERS,
    ),
    Table(
        "closed_months",
        gettext_lazy("Closed months"),
        gettext_lazy("The figures of closed months as published, and as they stand by now."),
        fixed(
            Column("month", Kind.MONTH),
            CURRENCY,
            Column("closed_at", Kind.INSTANT),
            Column("definition_version", Kind.COUNT),
            CHANGED,
            Column("published", Kind.COUNT),
            Column("restated", Kind.COUNT),
        ),
        _closed,
        ("month",),
    ),
    Table(
        "exchange_rates",
        gettext_lazy("Exchange rates"),
        gettext_lazy("The stored rates of exchange by pair and day."),
        fixed(Column("base"), Column("quote"), Column("on", Kind.DAY), Column("rate"), Column("source")),
        _rates,
    ),
    Table(
        "excluded",
        gettext_lazy("Not in MRR"),
        gettext_lazy("Every invoice line of a month under each part that it has a share in."),
        fixed(
            Column("rule"),
            amount("part"),
            amount("amount"),
            CURRENCY,
            Column("billed_on", Kind.DAY),
            Column("kind"),
            Column("status"),
            WHO,
            Column("invoice_id"),
            Column("line_id"),
            Column("subscription_id"),
            Column("price_id"),
        ),
        _excluded,
        ("month", "currency"),
        needs=("month", "currency"),
        scope=CUSTOMERS,
        large=_many_lines,
    ),
)
