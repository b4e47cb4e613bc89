"""What is decided, what is likely and what is on trial; and the amounts that a conversion sums."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from dashboards.api.tokens import CUSTOMERS
from dashboards.exports.columns import Column, Kind, amount, rate
from dashboards.exports.figures import reported_months
from dashboards.exports.parameters import ExportError, Scope
from dashboards.exports.payers import CURRENCY, NAMED
from dashboards.exports.tables import Table, fixed
from dashboards.reporting import rate_text
from metrics import queries
from metrics.core.forecast import MONTHS_AHEAD, MONTHS_SEEN, averages, forecast
from metrics.exchange.origins import FIGURES, Origin, origins
from metrics.exchange.quotes import MissingRateError, Rate
from metrics.extracts import outlook
from metrics.extracts.cursors import Extract, Row
from metrics.forecasting.assumptions import assumed, held
from metrics.forecasting.loading import history
from metrics.periods import shift
from metrics.trials import reading
from metrics.trials.trial import STATES


def _decided(scope: Scope) -> Extract:
    days = scope.text("days")
    return outlook.decided(scope.shown, scope.text("currency"), int(days) if days else None)


def _trials(scope: Scope) -> Extract:
    month = scope.month() if scope.text("month") else None
    return outlook.trials(scope.shown, scope.text("currency"), month, scope.text("state"))


def _trial_months(scope: Scope) -> Iterator[Row]:
    for currency in reading.currencies(scope.shown):
        if scope.text("currency") in ("", currency):
            for one in reversed(reading.months(scope.shown, currency)):
                counts = (one.count(state) for state in ("", *STATES))
                yield (one.month, currency, *counts, rate(one.rate), rate(one.median_days))


def _forecast(scope: Scope) -> Iterator[Row]:
    """Yield the months ahead of each currency with history enough; amounts are rounded to the micro unit."""
    months = queries.all_months(scope.shown)
    for currency in months.currencies():
        past = history(months, currency)
        if scope.text("currency") not in ("", currency) or past.lacks_months or past.lacks_customers:
            continue
        last, seen = past.months[-1], past.flows[-MONTHS_SEEN:]
        own = held(scope.shown.organization_id, currency)
        points = forecast(last.ending_micro, seen, MONTHS_AHEAD, assumed(averages(seen), own))
        for ahead, point in enumerate(points[1:], 1):
            range_of = (round(one) for one in (point.low, point.likely, point.high))
            yield (shift(last.month, ahead), currency, *range_of, own is not None)


def _converted(scope: Scope) -> Iterator[Row]:
    found = reported_months(scope, queries.all_months(scope.shown))
    for figure in FIGURES:
        try:
            parts, _total = origins(found, scope.month(), figure)
        except MissingRateError as error:
            raise ExportError(str(error), 409) from None
        for one in parts:
            yield (scope.month(), figure, *_part(one, scope.text("in")))


def _part(one: Origin, to: str) -> Row:
    amounts = (one.own.currency, one.amount_micro, to, one.converted_micro)
    return (*amounts, *_rate(one.opening), *_rate(one.closing))


def _rate(used: Rate | None) -> Row:
    return (None, None) if used is None else (rate_text(used), used.on)


TABLES = (
    Table(
        "decided_changes",
        gettext_lazy("Calendar"),
        gettext_lazy("What is already decided for the days ahead."),
        fixed(
            Column("due_on", Kind.DAY),
            Column("kind"),
            Column("moves_mrr", Kind.FLAG),
            NAMED,
            Column("subscription_id"),
            CURRENCY,
            amount("amount"),
            amount("committed"),
        ),
        _decided,
        ("days", "currency"),
        scope=CUSTOMERS,
        personal=True,
        resumes=False,
    ),
    Table(
        "forecast",
        gettext_lazy("Forecast"),
        gettext_lazy("MRR at the end of each month ahead, with its range, by currency."),
        fixed(
            Column("month", Kind.MONTH),
            CURRENCY,
            *map(amount, ("low", "likely", "high")),
            Column("assumed", Kind.FLAG),
        ),
        _forecast,
        ("currency",),
        resumes=False,
    ),
    Table(
        "trials",
        gettext_lazy("Trials"),
        gettext_lazy("Every subscription that began on trial, and what became of it."),
        fixed(
            NAMED,
            Column("subscription_id"),
            Column("price_id"),
            CURRENCY,
            Column("month", Kind.MONTH),
            Column("started_on", Kind.DAY),
            Column("state"),
            Column("days", Kind.COUNT),
            amount("worth"),
            Column("ends_at", Kind.INSTANT),
            Column("cancels", Kind.FLAG),
        ),
        _trials,
        ("month", "currency", "state"),
        scope=CUSTOMERS,
        personal=True,
        resumes=False,
    ),
    Table(
        "trial_months",
        gettext_lazy("Trials by month"),
        gettext_lazy("How many trials began in each month, and how many became paying, by currency."),
        fixed(
            Column("month", Kind.MONTH),
            CURRENCY,
            Column("started", Kind.COUNT),
            *(Column(state, Kind.COUNT) for state in STATES),
            Column("trial_to_paid_rate", Kind.RATE),
            Column("median_days", Kind.NUMBER),
        ),
        _trial_months,
        ("currency",),
        resumes=False,
    ),
    Table(
        "converted",
        gettext_lazy("Converted amounts"),
        gettext_lazy("What each currency brings to a month's figures in one currency, with its rates."),
        fixed(
            Column("month", Kind.MONTH),
            Column("figure"),
            CURRENCY,
            amount("amount"),
            Column("to"),
            amount("converted", currency="to"),
            Column("opening_rate"),
            Column("opening_rate_on", Kind.DAY),
            Column("closing_rate"),
            Column("closing_rate_on", Kind.DAY),
        ),
        _converted,
        ("month", "in", "constant"),
        needs=("month", "in"),
        resumes=False,
    ),
)
