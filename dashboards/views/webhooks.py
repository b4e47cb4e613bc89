"""Where Stripe posts, and the pages on which an endpoint is made, changed and removed."""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.transaction import non_atomic_requests
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from billing_sync.models import Connection, WebhookEndpoint
from billing_sync.webhooks import connected, endpoints
from billing_sync.webhooks.event_types import EVENT_TYPES
from billing_sync.webhooks.receiving import receive, receive_for_platform
from billing_sync.webhooks.standing import FOLLOWED, Standing, standings
from dashboards.forms import WebhookSecretForm
from dashboards.fragments import render_page

State = WebhookEndpoint.State


@csrf_exempt
@non_atomic_requests
def stripe_webhook(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take a post of Stripe's where Django sees it first; a signature stands for the token of a form."""
    return _answer(receive(connection_id, request.META))


@csrf_exempt
@non_atomic_requests
def connect_webhook(request: HttpRequest) -> HttpResponse:
    """Take a post about any account that Stripe Connect opened, where Django sees it first."""
    return _answer(receive_for_platform(request.META))


def _answer(status: HTTPStatus) -> HttpResponse:
    headers = {"Cache-Control": "no-store", **({"Allow": "POST"} if status == 405 else {})}
    return HttpResponse(status=status, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("secret")
@requires(Role.ADMIN)
def webhook(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Show how a connection's endpoint stands and how to make one; take the secret of one made by hand."""
    connection = followed(request, connection_id)
    form = WebhookSecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and accepted(request, connection, form):
        return redirect("webhook", slug, connection.id)
    standing = standings(request.organization.id).get(connection.id, Standing())
    context = {
        "section": "connections",
        "connection": connection,
        "name": connection.account_name or connection.account_id or connection.key_hint,
        "webhook": standing,
        "address": connected.address() if standing.by_platform else endpoints.address(connection.id),
        "event_types": EVENT_TYPES,
        "public": settings.WEBHOOKS,
        "base_url": settings.BASE_URL,
        "form": form,
    }
    return render_page(request, "connections/webhook.html", context, status=400 if form.errors else 200)


@require_POST
@requires(Role.ADMIN)
def creation(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Ask for an endpoint that Millrace makes with the key."""
    return asked(request, connection_id, State.CREATING, "webhook.wanted")


@require_POST
@requires(Role.ADMIN)
def rotation(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Ask for another secret of an endpoint that Millrace made."""
    return asked(request, connection_id, State.ROTATING, "webhook.secret_changed")


@require_POST
@requires(Role.ADMIN)
def removal(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Ask for an endpoint's end, here at once and at Stripe by a job."""
    return asked(request, connection_id, State.REMOVING, "webhook.removed")


def asked(request: OrganizationRequest, connection_id: UUID, state: State, action: str) -> HttpResponse:
    """Write down what is wanted of an endpoint, and show it."""
    connection = followed(request, connection_id)
    if state != State.REMOVING and not settings.WEBHOOKS:
        messages.error(
            request, _("Stripe cannot reach this server: set BASE_URL to its public address first.")
        )
    else:
        audit.record(action, actor=request.user, subject=str(connection.id))
        endpoints.ask(connection, state)
    return redirect("webhook", request.organization.slug, connection.id)


def accepted(request: OrganizationRequest, connection: Connection, form: WebhookSecretForm) -> bool:
    """Take the form's secret, or say in the form why not."""
    try:
        endpoints.accept(connection, form.cleaned_data["secret"])
    except endpoints.SecretRefused as error:
        form.add_error("secret", str(error))
        return False
    audit.record("webhook.secret_pasted", actor=request.user, subject=str(connection.id))
    messages.success(request, _("The secret is saved. Stripe's next event will show here."))
    return True


def followed(request: OrganizationRequest, connection_id: UUID) -> Connection:
    """Return a connection that is read at present, or answer 404."""
    found = Connection.objects.filter(organization=request.organization, id=connection_id, state__in=FOLLOWED)
    connection = found.exclude(kind=Connection.Kind.ARCHIVE).first()
    if connection is None:
        raise Http404("No connection that takes webhooks.")
    return connection
