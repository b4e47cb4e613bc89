"""The clean check: five points, the common mistakes, and the subscriptions behind each."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards import clean as drawing
from dashboards.bridge import drawn
from dashboards.excluded import rows_url
from dashboards.formatting import money
from dashboards.fragments import render_page
from dashboards.places import inside
from dashboards.rule_words import rule_words
from dashboards.selection import AddressError, Selection, choices, select
from dashboards.views.bridge import refused
from dashboards.views.excluded import invoiced_months
from metrics import queries
from metrics.bridge import comparing, reading
from metrics.clean.checking import OUT, SUBJECT
from metrics.clean.reading import Report, report
from metrics.queries import Shown


@require_safe
def clean(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show whether a month's MRR is clean, and what it would be under each common mistake."""
    shown = queries.shown(request.organization.id)
    months = invoiced_months(shown)
    context: dict[str, Any] = {"section": "audit", "number": request.GET.get("number", "").strip()}
    if not months.currencies():
        return render_page(request, "clean/clean.html", context)
    try:
        selection = select(request.organization, request.GET, months)
    except AddressError as error:
        return refused(request, str(error), error.status)
    found, computing = drawing.checked(shown, selection.month, selection.currency)
    context |= {
        "selection": selection,
        "choices": choices(selection, months.currencies()),
        "computing": computing,
    }
    if found:
        context |= _report(slug, found, shown, context["number"])
    status = 400 if context.get("guess", {}).get("error") else 200
    return render_page(request, "clean/clean.html", context, status=status)


def _report(slug: str, found: Report, shown: Shown, number: str) -> dict[str, Any]:
    guess = drawing.guessed(found, number) if number else {}
    return {
        "at": found.computed_at,
        "mrr": money(found.mrr_micro, found.where.currency),
        "points": drawing.points(slug, found, shown),
        "mistakes": drawing.mistake_rows(slug, found, guess.get("pointed", ())),
        "figures": drawing.figures(slug, found),
        "guess": guess,
    }


@require_safe
def clean_rows(request: OrganizationRequest, slug: str, rule: str) -> HttpResponse:
    """Show the subscriptions on which a mistake or a rule comes to another amount."""
    out = rule.startswith(OUT)
    heading = (_("Not in MRR"), rule_words(rule.removeprefix(OUT))) if out else drawing.heading_of(rule)
    shown = queries.shown(request.organization.id)
    months = invoiced_months(shown)
    if heading is None or not months.currencies():
        raise Http404("No such rule, or no numbers.")
    try:
        selection = select(request.organization, request.GET, months)
        context = _rows(slug, shown, selection, rule, request.GET.get("after", ""))
    except AddressError as error:
        return refused(request, str(error), error.status)
    context |= {"section": "audit", "tab": "excluded" if out else "clean"}
    return render_page(request, "clean/rows.html", context | {"label": heading[0], "text": heading[1]})


def _rows(slug: str, shown: Shown, selection: Selection, rule: str, after: str) -> dict[str, Any]:
    currency, month = selection.currency, selection.month
    where = comparing.place(shown, month, currency)
    found = report(where) if where else None
    if where is None or found is None:
        raise AddressError(_("This check has not been made yet. Open its page, and it is."), 404)
    try:
        page = reading.rows_below(where, SUBJECT, rule, after)
    except reading.UnknownPlaceError:
        raise AddressError(
            _("This is no place in the list. Open its first page and go on from there."), 400
        ) from None
    total, rows = drawing.total_of(found, rule), drawn(page, currency, inside(slug, where.connection_ids))
    if rule == drawing.LONG:
        rows = [replace(row, moved_micro=one.ours_micro) for row, one in zip(rows, page.rows, strict=True)]
    return {
        "selection": selection,
        "total": money(total, currency, signed=rule != drawing.LONG),
        "total_micro": total,
        "count": found.count(rule),
        "rows": rows,
        "following": rows_url(slug, rule, month, currency, page.following) if page.following else "",
        "first": rows_url(slug, rule, month, currency) if after else "",
    }
