"""Connecting Stripe accounts, and how far each has been read."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from billing_sync import stripe_connect
from billing_sync.connecting import KeyRefused, connect, warnings
from billing_sync.health import standing_of
from billing_sync.models import Connection
from billing_sync.progress import progress
from billing_sync.webhooks.standing import standings
from dashboards.authorization import allow_form
from dashboards.connection_ways import left_out, ways
from dashboards.forms import ConnectForm
from dashboards.fragments import render_page
from dashboards.permissions import missing, needed
from dashboards.set_aside import set_aside_list
from metrics.unused import unused_objects

WAITING = frozenset({Connection.State.CHECKING, Connection.State.IMPORTING, Connection.State.DELETING})


@require_safe
def connections(request: OrganizationRequest, slug: str) -> HttpResponse:
    """List the organization's connections with their state, resource by resource."""
    found = progress(request.organization.id)
    why_not = left_out(found)
    context = {
        "section": "connections",
        "connections": [(each, missing(each), ways(each), why_not.get(each.id, "")) for each in found],
        "waiting": any(each.state in WAITING for each in found),
        "set_aside": set_aside_list(unused_objects(request.organization.id), found),
        "may_connect": Role(request.membership.role).covers(Role.ADMIN),
        "webhooks": standings(request.organization.id),
        "standings": [standing_of(each) for each in found if each.kind != Connection.Kind.ARCHIVE],
    }
    return allow_form(render_page(request, "connections/connections.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("api_key")
@requires(Role.ADMIN)
def new_connection(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Take a restricted key, and leave checking it to a job."""
    form = ConnectForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and connected(request, form):
        return redirect("dashboard", slug)
    context = {
        "section": "connections",
        "form": form,
        "permissions": needed(),
        "stripe_connect": stripe_connect.configured(),
        "live": stripe_connect.livemode(),
    }
    return allow_form(render(request, "connections/new.html", context, status=400 if form.errors else 200))


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("api_key")
@requires(Role.ADMIN)
def key(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Take another key for a connection, which goes on with it if it opens the same account."""
    connection = connection_of(request, connection_id)
    meant_for = account_of(connection)
    if meant_for is None:
        return redirect("new_connection", slug)
    if meant_for != connection.id:
        return redirect("connection_key", slug, meant_for)
    form = ConnectForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and connected(request, form, replaces=meant_for):
        return redirect("connections", slug)
    context = {"section": "connections", "form": form, "connection": connection}
    return render(request, "connections/key.html", context, status=400 if form.errors else 200)


def connection_of(request: OrganizationRequest, connection_id: UUID) -> Connection:
    """Return a connection of the organization that can still be changed, or answer 404."""
    found = Connection.objects.filter(organization=request.organization)
    return get_object_or_404(found.exclude(state=Connection.State.DELETING), id=connection_id)


def account_of(connection: Connection) -> UUID | None:
    """Return the connection that another attempt is for; one that opened nothing had an aim of its own."""
    if connection.kind == Connection.Kind.ARCHIVE:
        return None
    return connection.id if connection.account_id else connection.replaces_id


def connected(request: OrganizationRequest, form: ConnectForm, replaces: UUID | None = None) -> bool:
    """Connect the form's key, or say in the form why not."""
    key = form.cleaned_data["api_key"]
    try:
        connect(request.organization.id, api_key=key, replaces=replaces, by=request.user)
    except KeyRefused as error:
        form.add_error("api_key", str(error))
        return False
    for warning in warnings(key):
        messages.warning(request, warning)
    return True
