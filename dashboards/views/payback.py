"""CAC payback: the page, the tables of spend it is reckoned from, and the rows behind its numbers."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import jobs
from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from config.uploads import MOST_BYTES as MOST_TAKEN
from dashboards.fragments import render_page
from dashboards.payback import payback_page
from dashboards.payback_addresses import rows_of
from dashboards.payback_forms import PaybackSettingsForm, SpendForm
from dashboards.payback_loading import load
from dashboards.payback_rows import customers_page, proposed_page, spend_page
from dashboards.selection import AddressError
from dashboards.views.dashboard import address_error
from metrics import queries
from metrics.bridge.uploads.tables import FileError
from metrics.cohorts import counting
from metrics.exchange.converting import closing_day
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.storing import quotes_of
from metrics.payback import channels, storing
from metrics.payback.models import SpendFile
from metrics.payback.tables import Reading, read

LISTED = 200


@require_safe
def payback(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show in how many months each cohort pays back what winning it cost."""
    return _page(request)


@require_POST
@requires(Role.ADMIN)
def spend_upload(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Propose a table of spend, or name its bad rows and keep nothing."""
    form = SpendForm(request.POST, request.FILES)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_TAKEN:
        form.add_error("file", _("The file has more than 20 MB. Leave out older months and upload it again."))
    if not form.is_valid():
        return _page(request, status=422, spend_form=form)
    name, content = form.content()
    try:
        found = _read(request, content)
    except FileError as error:
        form.add_error(None, str(error))
        return _page(request, status=422, spend_form=form)
    if found.problems:
        problems = {"problems": found.problems[:LISTED], "count": len(found.problems)}
        return _page(request, status=422, spend_form=form, **problems)
    storing.propose(request.organization.id, name, found.amounts, by=request.user)
    return redirect("payback", slug)


def _read(request: OrganizationRequest, content: bytes) -> Reading:
    """Read a table; an amount that no stored rate turns into the organization's currency is refused."""
    organization = request.organization
    today, to = queries.today(organization.id), organization.currency.lower()
    known: dict[tuple[str, date], str] = {}

    def refuses(currency: str, month: date) -> str:
        if not to or currency == to:
            return ""
        if (currency, month) not in known:
            known[currency, month] = _lacks(organization.id, currency, to, closing_day(month, today))
        return known[currency, month]

    return read(content, today, refuses)


def _lacks(organization_id: UUID, currency: str, to: str, day: date) -> str:
    try:
        quotes_of(organization_id, [currency, to], [day]).rate(currency, to, day)
    except MissingRateError as error:
        way_out = _("Upload rates first, or write the amount in your own currency.")
        return f"{error} {way_out}"
    return ""


@require_POST
@requires(Role.ADMIN)
def spend_application(request: OrganizationRequest, slug: str, spend_file_id: UUID) -> HttpResponse:
    """Put a proposed table in force in place of the one before."""
    file = get_object_or_404(
        SpendFile, organization_id=request.organization.id, id=spend_file_id, in_force=False
    )
    storing.apply(file, by=request.user)
    messages.success(request, _("The table is in force."))
    return redirect("payback", slug)


@require_POST
@requires(Role.ADMIN)
def spend_removal(request: OrganizationRequest, slug: str, spend_file_id: UUID) -> HttpResponse:
    """Delete a table of spend, proposed or in force."""
    file = get_object_or_404(SpendFile, organization_id=request.organization.id, id=spend_file_id)
    storing.remove(file, by=request.user)
    messages.success(request, _("%(name)s is deleted.") % {"name": file.name})
    return redirect("payback", slug)


@require_POST
@requires(Role.ADMIN)
def payback_settings(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Keep the margin and the key of the channel; by a new key a job reads the channels."""
    organization_id = request.organization.id
    form = PaybackSettingsForm(channels.settings_of(organization_id), request.POST)
    if not form.is_valid():
        return _page(request, status=422, settings_form=form)
    if channels.choose(organization_id, *form.values(), by=request.user):
        jobs.enqueue(organization_id, counting.JOB)
    messages.success(request, _("Saved."))
    return redirect("payback", slug)


@require_safe
def payback_spend(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show what was spent: the rows behind a number."""
    try:
        wanted = rows_of(slug, "spend", request.GET)
    except AddressError as error:
        return address_error(request, error)
    present, _proposed = storing.files(request.organization.id)
    file_id = present.id if present else storing.NO_FILE
    context = {"section": "analysis", **spend_page(wanted, request.organization.id, file_id)}
    return render_page(request, "analysis/payback/rows.html", context)


@require_safe
def payback_customers(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the customers of a channel: the rows behind a number."""
    try:
        wanted = rows_of(slug, "customers", request.GET)
    except AddressError as error:
        return address_error(request, error)
    context = {"section": "analysis", **customers_page(wanted, request.organization.id)}
    return render_page(request, "analysis/payback/rows.html", context)


def _page(request: OrganizationRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    organization = request.organization
    shown, found = queries.shown(organization.id), channels.settings_of(organization.id)
    present, proposed = storing.files(organization.id)
    may_change = Role(request.membership.role).covers(Role.ADMIN)
    context: dict[str, Any] = {
        "section": "analysis",
        "freshness": shown.freshness,
        "settings": found,
        "present": present,
        **(proposed_page(storing.proposal(proposed, present)) if proposed and may_change else {}),
        "may_change": may_change,
        "spend_form": SpendForm(),
        "settings_form": PaybackSettingsForm(found),
        **payback_page(shown, load(organization, shown, found, present), organization.slug),
    }
    return render_page(request, "analysis/payback.html", context | more, status=status)
