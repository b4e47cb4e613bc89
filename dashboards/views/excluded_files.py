"""The excluded ledger of a month as files: each line under every part that it has a share in."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.clean import checked
from dashboards.selection import AddressError, Selection, select
from dashboards.sent_files import csv_file, json_file
from dashboards.views.bridge import refused
from dashboards.views.excluded import invoiced_months
from metrics import queries
from metrics.clean.reading import outside
from metrics.invoiced import queries as ledger
from metrics.invoiced.queries import Line
from metrics.periods import month_of
from metrics.queries import Shown

COLUMNS = (
    "rule",
    "part_micro",
    "amount_micro",
    "currency",
    "billed_on",
    "kind",
    "status",
    "customer_id",
    "invoice_id",
    "line_id",
    "subscription_id",
    "price_id",
)


@require_safe
def excluded_csv(request: OrganizationRequest, slug: str) -> HttpResponseBase:
    """Give a month's lines by part as CSV."""
    shown = queries.shown(request.organization.id)
    try:
        selection = _asked(request, shown)
    except AddressError as error:
        return refused(request, str(error), error.status)
    return csv_file(COLUMNS, _rows(shown, selection), _name(slug, selection, "csv"))


@require_safe
def excluded_json(request: OrganizationRequest, slug: str) -> HttpResponseBase:
    """Give a month's split with its lines, and the subscriptions that are not in MRR now, as JSON."""
    shown = queries.shown(request.organization.id)
    try:
        selection = _asked(request, shown)
    except AddressError as error:
        return refused(request, str(error), error.status)
    month = ledger.month(shown, selection.currency, selection.month)
    told = {
        "month": f"{month.month:%Y-%m}",
        "currency": month.currency,
        "definition_version": shown.freshness.definition_version,
        "invoiced_micro": month.amount_micro,
        "charged_micro": month.charged_micro,
        "parts": {one.rule: one.amount_micro for one in (*month.headings, *month.excluded)},
        "subscriptions_now": _subscriptions(shown, month.currency),
    }
    return json_file(told, "lines", _rows(shown, selection), _name(slug, selection, "json"))


def _asked(request: OrganizationRequest, shown: Shown) -> Selection:
    """Return the month that the address names."""
    months = invoiced_months(shown)
    if not months.currencies():
        raise Http404("Nothing was invoiced.")
    return select(request.organization, request.GET, months)


def _rows(shown: Shown, selection: Selection) -> Iterator[dict[str, Any]]:
    """Yield each line of the month by part."""
    for rule, line in ledger.split_lines(shown, selection.currency, selection.month):
        yield _row(rule, line, selection.currency)


def _row(rule: str, line: Line, currency: str) -> dict[str, Any]:
    _connection_id, customer_id, invoice_id, _position = line.key
    values = (
        rule,
        line.part_micro,
        line.amount_micro,
        currency,
        line.billed_on,
        line.kind,
        line.status,
        customer_id,
        invoice_id,
        line.line_id,
        line.subscription_id,
        line.price_id,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _subscriptions(shown: Shown, currency: str) -> list[dict[str, Any]] | None:
    """Return what stands outside MRR; None while that is being computed."""
    report, _computing = checked(shown, month_of(shown.today), currency)
    if report is None:
        return None
    return [
        {
            "rule": rule,
            "customer_id": one.customer_id,
            "subscription_id": one.subscription_id,
            "would_be_micro": one.theirs_micro - one.ours_micro,
        }
        for rule, one in outside(report.where)
    ]


def _name(slug: str, selection: Selection, ending: str) -> str:
    return f"not-in-mrr-{slug}-{selection.month:%Y-%m}-{selection.currency}.{ending}"
