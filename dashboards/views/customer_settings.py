"""How an organization sorts its customers by size, and the target for the cost of serving them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards import buckets
from dashboards.service_costs import TargetForm, set_target, target_of
from dashboards.size_forms import SizesForm


@require_safe
@requires(Role.ADMIN)
def customer_settings(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show the sizes and the target, to be changed."""
    return _page(request, SizesForm.of(request), _target_form(request))


@require_POST
@requires(Role.ADMIN)
def customer_sizes(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Put other sizes in place of those that hold."""
    form = SizesForm.typed(request.organization, request.POST)
    if form.wanted is not None:
        try:
            buckets.set_buckets(request.organization, form.wanted, by=request.user)
        except buckets.EdgesError as error:
            form.errors.append(str(error))
    if form.errors:
        return _page(request, form, _target_form(request), status=422)
    messages.success(request, _("The sizes hold from now on."))
    return redirect("customers", slug)


@require_POST
@requires(Role.ADMIN)
def service_target(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Keep another target for the cost of service."""
    form = TargetForm(request.POST)
    if not form.is_valid():
        return _page(request, SizesForm.of(request), form, status=422)
    set_target(request.organization, form.cleaned_data["service_target"], by=request.user)
    messages.success(request, _("The target holds from now on."))
    return redirect("customer_settings", slug)


def _target_form(request: OrganizationRequest) -> TargetForm:
    return TargetForm(initial={"service_target": target_of(request.organization)})


def _page(
    request: OrganizationRequest, sizes: SizesForm, target: TargetForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "customers",
        "sizes": sizes,
        "target": target,
        "currency": request.organization.currency.upper(),
    }
    return render(request, "customers/settings.html", context, status=status)
