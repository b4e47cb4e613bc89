"""What serving a customer costs, and what an organization wants it to cost at most."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from dashboards import service_costs
from dashboards.customer_page import customer_page, known_customer
from metrics import queries


@require_POST
@requires(Role.MEMBER)
def service_cost(
    request: OrganizationRequest, slug: str, connection_id: UUID, customer_id: str
) -> HttpResponse:
    """Write down what a customer costs a month in one currency; nothing takes it away."""
    known = known_customer(request, connection_id, customer_id)
    currencies = queries.all_months(known.shown).currencies()
    form = service_costs.CostForm(request.POST, currencies)
    if not form.is_valid():
        return customer_page(request, known, cost_form=form)
    currency = form.cleaned_data["currency"]
    service_costs.set_cost(
        request.organization, connection_id, customer_id, currency, form.minor(), by=request.user
    )
    messages.success(request, _("The cost of service is written down."))
    return redirect("customer", slug, connection_id, customer_id)
