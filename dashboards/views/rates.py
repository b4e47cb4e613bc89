"""The exchange rates: what is known, files of more, and the European Central Bank's."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import jobs
from accounts.access import OrganizationRequest, requires
from accounts.audit import record
from accounts.models import Role
from config import clock
from dashboards.formatting import number
from dashboards.forms import RatesForm
from dashboards.fragments import render_page
from metrics import queries
from metrics.exchange.models import RateFetch
from metrics.exchange.reading import BadRatesError, read_rates
from metrics.exchange.storing import missing, store, stored

AT_MOST = 12


@require_safe
def rates(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show which rates are known, and which the organization's currency lacks."""
    return _page(request, RatesForm())


@require_POST
@requires(Role.ADMIN)
def rates_upload(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Store the rates of a file, all or none."""
    organization, form = request.organization, RatesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        found = read_rates(form.cleaned_data["file"].read(), queries.today(organization.id))
    except BadRatesError as error:
        form.add_error("file", str(error))
        return _page(request, form, status=400)
    changed = store(organization.id, found)
    record("exchange_rates.uploaded", actor=request.user, rates=len(found), changed=changed)
    messages.success(request, _told(len(found), changed))
    return redirect("rates", slug)


def _told(read: int, changed: int) -> str:
    known = ngettext("%(read)s rate was read.", "%(read)s rates were read.", read) % {"read": number(read)}
    new = ngettext(
        "%(changed)s of them is new or differs from what was known.",
        "%(changed)s of them are new or differ from what was known.",
        changed,
    ) % {"changed": number(changed)}
    return f"{known} {new}"


@require_POST
@requires(Role.ADMIN)
def rates_fetch(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Have a job read the central bank's file, now and every day after."""
    organization_id = request.organization.id
    asked = {"asked_at": clock.now(), "done_at": None, "error": ""}
    RateFetch.objects.update_or_create(organization_id=organization_id, defaults=asked)
    record("exchange_rates.fetch_asked", actor=request.user)
    jobs.enqueue(organization_id, "fetch_rates")
    return redirect("rates", slug)


def _page(request: OrganizationRequest, form: RatesForm, *, status: int = 200) -> HttpResponse:
    organization = request.organization
    months = queries.all_months(queries.shown(organization.id))
    to = organization.currency.lower() or next(iter(months.currencies()), "")
    lacking = missing(organization.id, months, to) if to and months.flows else []
    fetched = RateFetch.objects.filter(organization_id=organization.id).first()
    context: dict[str, Any] = {
        "section": "audit",
        "form": form,
        "pairs": stored(organization.id),
        "currency": to.upper(),
        "lacking": lacking[-1 : -AT_MOST - 1 : -1],
        "lacking_more": max(0, len(lacking) - AT_MOST),
        "fetched": fetched,
        "waiting": fetched is not None and fetched.done_at is None,
        "may_change": Role(request.membership.role).covers(Role.ADMIN),
    }
    return render_page(request, "rates/rates.html", context, status=status)
