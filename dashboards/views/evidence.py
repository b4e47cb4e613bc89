"""The evidence of a headline as a file of JSON."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import OrganizationRequest
from dashboards.addresses import month_asked
from dashboards.formatting import number
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.evidence.export import LARGEST, TooLargeError, evidence
from metrics.management.output import json_text


@require_safe
def evidence_file(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Give all that is needed to compute a month's MRR again; a very large month is for the command."""
    shown = queries.shown(request.organization.id)
    months = queries.all_months(shown)
    if not months.currencies():
        return redirect("dashboard", slug)
    try:
        month, currency = month_asked(request.organization, request.GET, months)
        (figures,) = months.last(1, currency, until=month)
        told = json_text(evidence(shown, figures))
    except TooLargeError as error:
        return address_error(request, AddressError(_too_large(slug, error.rows), 400))
    except AddressError as error:
        return address_error(request, error)
    response = HttpResponse(told, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="evidence-{slug}-{month:%Y-%m}-{currency}.json"'
    return response


def _too_large(slug: str, rows: int) -> str:
    command = f"manage.py evidence {slug} --month YYYY-MM"
    words = ngettext(
        "This month's evidence has %(rows)s row; a page gives up to %(most)s. %(command)s writes any.",
        "This month's evidence has %(rows)s rows; a page gives up to %(most)s. %(command)s writes any.",
        rows,
    )
    return words % {"rows": number(rows), "most": number(LARGEST), "command": command}
