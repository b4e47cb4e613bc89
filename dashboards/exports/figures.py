"""Figures of months and days, plans, and what other tools make of them."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.exports.columns import Column, Kind, amount, rate
from dashboards.exports.parameters import ExportError, Scope
from dashboards.exports.tables import Table, fixed
from metrics import queries
from metrics.bridge import comparing
from metrics.bridge.rules import WALK
from metrics.bridge.vendors import VENDORS
from metrics.core.rates import Waterfall
from metrics.evidence.sums import days as moved_days
from metrics.exchange.converting import Reported
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.storing import reported
from metrics.extracts.cursors import Row
from metrics.flows import Day, Flows, Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import last_months, shift

CURRENCY = Column("currency")
UNMOVED = {"amount_micro": 0, "subscriptions": 0}
MOVED = ("new", "expansion", "reactivation", "contraction", "churn")
COUNTED = ("customers_start", "customers_new", "customers_expanded", "customers_reactivated")
COUNTS = (*COUNTED, "customers_contracted", "customers_churned", "customers_end")
RATES = (
    "mrr_growth_rate",
    "revenue_churn_rate",
    "gross_mrr_churn_rate",
    "net_revenue_retention",
    "gross_revenue_retention",
    "customer_churn_rate",
    "quick_ratio",
)
FLOWS = (
    *amount("starting_mrr"),
    *(column for kind in MOVED for column in amount(f"{kind}_mrr")),
    *amount("ending_mrr"),
    *amount("arr"),
    *amount("contracted_arr"),
    *amount("committed_mrr"),
    *(Column(name, Kind.COUNT) for name in COUNTS),
)


def months_of(scope: Scope) -> Iterator[Month]:
    """Yield the months of each currency, oldest first: so many as a page shows, else all since the first."""
    history = queries.all_months(scope.shown)
    if scope.text("in"):
        yield from _months_in_one(scope, history)
        return
    for currency in sorted(history.flows):
        if scope.text("currency") in ("", currency):
            span = _span(scope, history.first(currency))
            if span > 0:
                yield from history.last(span, currency, until=scope.month())


def reported_months(scope: Scope, months: Months, span: int = 1) -> Reported:
    """Return the months in the currency that is asked for, with the rates that the last so many take."""
    until, currency = scope.month(), scope.text("in")
    # The first of them opens with the closing rate of the month before it.
    wanted = [shift(until, -span), *last_months(until, span)]
    held = bool(scope.text("constant"))
    return reported(scope.shown.organization_id, months, currency, wanted, constant=held)


def _months_in_one(scope: Scope, months: Months) -> list[Month]:
    """Return the months of all currencies in one; ExportError names the rate that lacks."""
    span = _span(scope, min(filter(None, map(months.first, months.flows)), default=None))
    if span < 1:
        return []
    try:
        return reported_months(scope, months, span).last(span, scope.text("in"), until=scope.month())
    except MissingRateError as error:
        raise ExportError(str(error), 409) from None


def _span(scope: Scope, first: date | None) -> int:
    """Count the months from the first on that are asked for."""
    if first is None:
        return 0
    until = scope.month()
    since = (until.year - first.year) * 12 + until.month - first.month + 1
    return min(int(scope.text("span") or since), since)


def flows_cells(flows: Flows) -> Row:
    """Return the figures of a period in the order of their columns."""
    flow: Waterfall = waterfall(flows)
    moved = [getattr(flow, kind) for kind in MOVED]
    counts = [getattr(flows, name) for name in COUNTS]
    return (flow.starting, *moved, flow.ending, flow.arr, flow.contracted_arr, flow.committed, *counts)


def _month_columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of months; in one currency what exchange rates moved is one more."""
    moved = amount("exchange_rates") if scope.text("in") else ()
    rates = (Column(name, Kind.RATE) for name in RATES)
    return (Column("month", Kind.MONTH), CURRENCY, *FLOWS, *moved, *rates)


def _months(scope: Scope) -> Iterator[Row]:
    for one in months_of(scope):
        flow = waterfall(one)
        moved = (one.currency_micro,) if scope.text("in") else ()
        rates = (rate(getattr(flow, name)) for name in RATES)
        yield (one.month, one.currency, *flows_cells(one), *moved, *rates)


def _days(scope: Scope) -> Iterator[Row]:
    shown, (start, end) = scope.shown, scope.days()
    history = queries.all_months(shown)
    for currency in sorted(history.flows):
        if scope.text("currency") in ("", currency):
            for one in _days_of(scope, currency, start, min(end, shown.today + timedelta(days=1))):
                yield (one.day, one.currency, *flows_cells(one))


def _days_of(scope: Scope, currency: str, start: date, end: date) -> list[Day]:
    """Return every day from the first on which anything moved."""
    moved = moved_days(scope.shown, currency, date.min, end)
    if not moved:
        return []
    return queries.daily(scope.shown.organization_id, currency, max(start, moved[-1].on), end)


def _plans(scope: Scope) -> Iterator[Row]:
    month = scope.month()
    for one in queries.plan_mix(scope.shown.organization_id, scope.text("currency") or None, month):
        names = one.price_id, one.price_name, one.product_id, one.product_name
        yield (month, *names, one.currency, one.mrr_micro, 12 * one.mrr_micro, one.items)


def _bridge(scope: Scope) -> list[Row]:
    """Return what each tool makes of a month, rule by rule, once its page has computed it."""
    where = comparing.place(scope.shown, scope.month(), scope.text("currency"))
    tools = list(VENDORS)
    found = comparing.kept(where, tools) if where else {}
    if where is None or not comparing.current(where, found, tools):
        words = _("This month has not been compared yet. Open the page “Other tools” for it, then try again.")
        raise ExportError(words, 409)
    rows: list[Row] = []
    for name in tools:
        result = found[name].result
        moved = result["ours_micro"]
        for rule in WALK:
            step, known = result["steps"].get(rule, UNMOVED), VENDORS[name].rule(rule).known
            moved += step["amount_micro"]
            told = (step["amount_micro"], step["subscriptions"], moved)
            rows.append((where.month, name, rule, known, where.currency, result["ours_micro"], *told))
    return rows


def _long(scope: Scope, most: int) -> bool:
    """Say whether so many days may be asked for."""
    months = sum(len(found) for found in queries.all_months(scope.shown).flows.values())
    return months * 31 > most and scope.days() == (date.min, date.max)


TABLES = (
    Table(
        "months",
        gettext_lazy("Months"),
        gettext_lazy("The figures and rates of every month, by currency."),
        _month_columns,
        _months,
        ("month", "span", "currency", "in", "constant"),
    ),
    Table(
        "days",
        gettext_lazy("Days"),
        gettext_lazy("The waterfall of every local day, by currency."),
        fixed(Column("date", Kind.DAY), CURRENCY, FLOWS),
        _days,
        ("month", "from", "to", "currency"),
        large=_long,
    ),
    Table(
        "plans",
        gettext_lazy("Plans"),
        gettext_lazy("The MRR of each price at the end of a month."),
        fixed(
            Column("month", Kind.MONTH),
            *map(Column, ("price_id", "price_name", "product_id", "product_name")),
            CURRENCY,
            amount("mrr"),
            amount("arr"),
            Column("items", Kind.COUNT),
        ),
        _plans,
        ("month", "currency"),
        needs=("month",),
    ),
    Table(
        "bridge",
        gettext_lazy("Other tools"),
        gettext_lazy("What each rule of four tools moves in a month's MRR, and what it comes to by then."),
        fixed(
            Column("month", Kind.MONTH),
            Column("tool"),
            Column("rule"),
            Column("documented", Kind.FLAG),
            CURRENCY,
            amount("our_mrr"),
            amount("moves"),
            Column("subscriptions", Kind.COUNT),
            amount("mrr_after"),
        ),
        _bridge,
        ("month", "currency"),
        needs=("month", "currency"),
    ),
)
