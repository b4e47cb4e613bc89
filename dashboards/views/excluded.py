"""The excluded ledger: what a month's invoices come to, and what stands outside MRR."""

from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards import excluded as drawing
from dashboards.clean import checked
from dashboards.fragments import render_page
from dashboards.places import places
from dashboards.selection import AddressError, Selection, choices, select
from dashboards.views.bridge import refused
from metrics import queries
from metrics.flows import NOTHING
from metrics.invoiced import queries as ledger
from metrics.months import Months
from metrics.periods import month_of
from metrics.queries import Shown

PAGE = 50


@require_safe
def excluded(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show how a month's invoices split, and which subscriptions are not in MRR now."""
    shown = queries.shown(request.organization.id)
    months = invoiced_months(shown)
    context: dict[str, Any] = {"section": "audit"}
    if not months.currencies():
        return render_page(request, "excluded/excluded.html", context)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return refused(request, str(error), error.status)
    report, computing = checked(shown, month_of(shown.today), selection.currency)
    context |= {
        "selection": selection,
        "choices": choices(selection, months.currencies()),
        "computing": computing,
        "split": drawing.split(slug, ledger.month(shown, selection.currency, selection.month)),
        "outside": drawing.outside(slug, report) if report else [],
        "checked": report is not None,
    }
    return render_page(request, "excluded/excluded.html", context)


@require_safe
def excluded_lines(request: OrganizationRequest, slug: str, rule: str) -> HttpResponse:
    """Show the invoice lines behind one cell of the split."""
    shown = queries.shown(request.organization.id)
    months = invoiced_months(shown)
    if rule not in drawing.LABELS or not months.currencies():
        raise Http404("No such rule, or nothing was invoiced.")
    try:
        selection = select(request.organization, request.GET, months)
        context = _lines(slug, shown, selection, rule, request.GET.get("after", ""))
    except AddressError as error:
        return refused(request, str(error), error.status)
    return render_page(request, "excluded/lines.html", {"section": "audit", **context})


def _lines(slug: str, shown: Shown, selection: Selection, rule: str, after: str) -> dict[str, Any]:
    currency, month = selection.currency, selection.month
    found = ledger.lines(shown, currency, month, rule, after=drawing.after_of(after), most=PAGE + 1)
    more = len(found) > PAGE
    cells = drawing.split(slug, ledger.month(shown, currency, month))
    label = drawing.label_of(rule)
    return {
        "selection": selection,
        "label": label,
        "text": drawing.text_of(rule),
        "cell": next((one for one in (*cells["headings"], *cells["excluded"]) if one.label == label), None),
        "rows": drawing.line_rows(shown, found[:PAGE], currency, places(shown, slug)),
        "following": drawing.lines_url(slug, rule, month, currency, found[PAGE - 1].key) if more else "",
        "first": drawing.lines_url(slug, rule, month, currency) if after else "",
    }


def invoiced_months(shown: Shown) -> Months:
    """Return the months of every currency that has MRR or an invoice."""
    months = queries.all_months(shown)
    flows = {code: dict(found) for code, found in months.flows.items()}
    for currency, first in ledger.first_months(shown.organization_id, shown.zone).items():
        flows.setdefault(currency, {}).setdefault(first, dict(NOTHING))
    return Months(months.today, flows)
