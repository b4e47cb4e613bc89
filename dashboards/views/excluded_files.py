"""The excluded ledger of a month as files: each line under every part that it has a share in."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.clean import checked
from dashboards.selection import AddressError, Selection, select
from dashboards.views.bridge import refused
from dashboards.views.excluded import invoiced_months
from metrics import queries
from metrics.clean.reading import outside
from metrics.invoiced import queries as ledger
from metrics.invoiced.queries import InvoicedMonth, Line
from metrics.management.output import csv_text, json_text, neutral
from metrics.periods import month_of
from metrics.queries import Shown

LARGEST = 20_000
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
def excluded_csv(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Give a month's lines by part as CSV."""
    shown = queries.shown(request.organization.id)
    try:
        selection, _month, rows = _asked(request, shown)
    except AddressError as error:
        return refused(request, str(error), error.status)
    told = csv_text(COLUMNS, ([neutral(row[name]) for name in COLUMNS] for row in rows))
    return _file(f"{told}\n", "text/csv; charset=utf-8", slug, selection, "csv")


@require_safe
def excluded_json(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Give a month's split with its lines, and the subscriptions that are not in MRR now, as JSON."""
    shown = queries.shown(request.organization.id)
    try:
        selection, month, rows = _asked(request, shown)
    except AddressError as error:
        return refused(request, str(error), error.status)
    told = {
        "month": f"{month.month:%Y-%m}",
        "currency": month.currency,
        "definition_version": shown.freshness.definition_version,
        "invoiced_micro": month.amount_micro,
        "charged_micro": month.charged_micro,
        "parts": {one.rule: one.amount_micro for one in (*month.headings, *month.excluded)},
        "lines": rows,
        "subscriptions_now": _subscriptions(shown, month.currency),
    }
    return _file(json_text(told), "application/json", slug, selection, "json")


def _asked(
    request: OrganizationRequest, shown: Shown
) -> tuple[Selection, InvoicedMonth, list[dict[str, Any]]]:
    """Return the month that the address names, split and by line; AddressError where it is too large."""
    months = invoiced_months(shown)
    if not months.currencies():
        raise Http404("Nothing was invoiced.")
    selection = select(request.organization, request.GET, months)
    month = ledger.month(shown, selection.currency, selection.month)
    if month.lines > LARGEST:
        words = {"lines": month.lines, "most": LARGEST}
        raise AddressError(
            _("This month has %(lines)d lines; a file gives up to %(most)d. The page opens each part.")
            % words,
            400,
        )
    lines = ledger.split_lines(shown, selection.currency, selection.month)
    return selection, month, [_row(rule, line, month.currency) for rule, line in lines]


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


def _file(text: str, kind: str, slug: str, selection: Selection, ending: str) -> HttpResponse:
    name = f"not-in-mrr-{slug}-{selection.month:%Y-%m}-{selection.currency}.{ending}"
    response = HttpResponse(text, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
