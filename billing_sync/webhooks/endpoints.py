"""A connection's webhook endpoint at Stripe: made by us where the key may, else by hand; replaced, removed.

What a person asks for is written down; a job asks Stripe for it, and may be stopped anywhere and begin again.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync.access import stripe_of
from billing_sync.columns import at
from billing_sync.models import Connection, WebhookEndpoint, WebhookRoute
from billing_sync.payload import JsonObject, decode_object
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import (
    KeyExpiredError,
    KeyWrongError,
    NotFoundError,
    PermissionMissingError,
    RefusedError,
    StripeError,
)
from billing_sync.trouble import key_trouble, wait_for
from billing_sync.webhooks import connected, secrets
from billing_sync.webhooks.event_types import EVENT_TYPES

JOB = "webhook_endpoint"
PATH = "/v1/webhook_endpoints"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,200}")
State, MadeBy = WebhookEndpoint.State, WebhookEndpoint.MadeBy
AT_WORK = frozenset({State.CREATING, State.ROTATING, State.MOVING, State.REMOVING})


class SecretRefused(ValueError):  # noqa: N818
    """Raised with words for the person who pasted something else than an endpoint's secret."""


def address(connection_id: UUID) -> str:
    """Return where Stripe posts a connection's webhooks."""
    return f"{settings.BASE_URL.rstrip('/')}{_path(connection_id)}"


def _path(connection_id: UUID) -> str:
    return f"/webhooks/stripe/{connection_id}/"


def endpoint_of(connection: Connection) -> WebhookEndpoint | None:
    """Return what is known of a connection's endpoint, None where nobody has wanted one yet."""
    return _rows(connection).first()


def tend(connection: Connection) -> None:
    """Ask for an endpoint where Stripe can reach us and nobody has, and again for what was not finished."""
    endpoint = endpoint_of(connection)
    if connected.posts_for(connection):
        _leave_to_the_platform(connection, endpoint)
        return
    if endpoint is not None and endpoint.made_by == MadeBy.PLATFORM:
        _rows(connection).delete()
        endpoint = None
    if endpoint is None and settings.WEBHOOKS:
        ask(connection, State.CREATING)
    elif endpoint is not None and endpoint.state in AT_WORK:
        jobs.enqueue(connection.organization_id, JOB, str(connection.id))
    elif endpoint is not None and _may_move(endpoint):
        ask(connection, State.MOVING)


def _leave_to_the_platform(connection: Connection, endpoint: WebhookEndpoint | None) -> None:
    """Take the operator's endpoint for a connection's own, unless one was made by hand."""
    if endpoint is None or not (endpoint.secret_encrypted or endpoint.made_by == MadeBy.PLATFORM):
        row = _row(connection)
        row.made_by, row.state, row.error = MadeBy.PLATFORM, State.READY, ""
        row.url = connected.address()
        row.save()


def ask(connection: Connection, state: "WebhookEndpoint.State") -> None:
    """Ask for an endpoint to be created, moved, removed, or to get another secret; a job does it."""
    endpoint = _row(connection)
    endpoint.state, endpoint.error = state, ""
    if state == State.REMOVING:
        # From now on nothing is taken, whatever Stripe says.
        secrets.forget(endpoint)
        WebhookRoute.objects.filter(connection_id=connection.id).delete()
    else:
        _open_route(connection)
    endpoint.save()
    jobs.enqueue(connection.organization_id, JOB, str(connection.id))


@sensitive_variables("secret", "pasted")
def accept(connection: Connection, pasted: str) -> None:
    """Take the secret of an endpoint made by hand; one that is there stays valid for another day."""
    secret = "".join(pasted.split())
    if not secret.startswith("whsec_"):
        raise SecretRefused(_("The signing secret starts with whsec_. Stripe shows it with the endpoint."))
    if not SECRET.fullmatch(secret):
        raise SecretRefused(_("This secret is not complete. Copy it from Stripe once more."))
    endpoint = _row(connection)
    endpoint.state, endpoint.made_by, endpoint.error = State.READY, MadeBy.HAND, ""
    endpoint.url = address(connection.id)
    secrets.replace(endpoint, secret)
    _open_route(connection)
    endpoint.save()


def leave(connection: Connection) -> None:
    """Delete an endpoint at Stripe if the key still may, and forget it here; for who disconnects."""
    with tenant(connection.organization_id):
        endpoint = endpoint_of(connection)
        WebhookRoute.objects.filter(connection_id=connection.id).delete()
    if endpoint is None:
        return
    if endpoint.made_by == MadeBy.API:
        _delete_if_allowed(connection)
    with tenant(connection.organization_id):
        _rows(connection).delete()


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Bring an endpoint to the state that was asked for."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        endpoint = endpoint_of(connection) if connection else None
    if connection is None or endpoint is None or endpoint.state not in AT_WORK:
        return jobs.DONE
    try:
        if endpoint.state == State.REMOVING:
            _remove(connection)
        elif endpoint.state == State.MOVING:
            _move(connection, endpoint.stripe_id)
        else:
            _make(connection)
    except (PermissionMissingError, RefusedError) as error:
        _settle(connection, endpoint.state, state=_fallback(endpoint), error=str(error))
    except StripeError as error:
        if key_trouble(connection, error):
            return jobs.DONE
        _settle(connection, endpoint.state, error=str(error))
        return wait_for(error)
    return jobs.DONE


def _make(connection: Connection) -> None:
    """Make an endpoint, keep its secret, and only then delete those before it: no event falls between."""
    stripe = stripe_of(connection)
    before = list(_posting_here(stripe, connection))
    made = stripe.create(
        PATH,
        url=address(connection.id),
        enabled_events=list(EVENT_TYPES),
        api_version=settings.STRIPE_API_VERSION,
        description="Millrace",
    )
    with tenant(connection.organization_id):
        endpoint = _rows(connection).select_for_update().first()
        if endpoint is None or endpoint.state not in (State.CREATING, State.ROTATING):
            before = [str(made["id"])]
        else:
            secrets.replace(endpoint, str(made["secret"]))
            endpoint.stripe_id, endpoint.made_by = str(made["id"]), MadeBy.API
            endpoint.state, endpoint.error = State.READY, ""
            endpoint.url = address(connection.id)
            endpoint.save()
    for identity in before:
        _delete(stripe, identity)


def _may_move(endpoint: WebhookEndpoint) -> bool:
    """Say whether an endpoint that we made posts to an address we have left; what was refused stays so."""
    ready = endpoint.state == State.READY and endpoint.made_by == MadeBy.API and not endpoint.error
    return ready and settings.WEBHOOKS and endpoint.url != address(endpoint.connection_id)


def _move(connection: Connection, stripe_id: str) -> None:
    """Let an endpoint post here from now on; its secret stays, and what was not delivered comes here."""
    url = address(connection.id)
    try:
        stripe_of(connection).create(f"{PATH}/{stripe_id}", url=url)
    except NotFoundError:
        _settle(connection, State.MOVING, state=State.CREATING)
        _make(connection)
    else:
        _settle(connection, State.MOVING, state=State.READY, url=url, error="")


def _remove(connection: Connection) -> None:
    note = "" if _delete_if_allowed(connection) else _("Delete the endpoint in Stripe as well.")
    _settle(connection, State.REMOVING, state=State.REMOVED, stripe_id="", error=note)


def _delete_if_allowed(connection: Connection) -> bool:
    """Delete what posts to us; False where the key may not, or opens nothing any longer."""
    try:
        stripe = stripe_of(connection)
        for identity in list(_posting_here(stripe, connection)):
            _delete(stripe, identity)
    except (PermissionMissingError, RefusedError, KeyWrongError, KeyExpiredError):
        return False
    return True


def _delete(stripe: Stripe, identity: str) -> None:
    try:
        stripe.delete(f"{PATH}/{identity}")
    except NotFoundError:
        return


def _posting_here(stripe: Stripe, connection: Connection) -> Iterator[str]:
    """Find a connection's endpoints, those that a stopped job or an earlier BASE_URL left among them."""
    after: dict[str, Any] = {}
    while True:
        page = stripe.list_page(PATH, **after)
        found: list[JsonObject] = [decode_object(one) for one in page.objects]
        yield from (str(one["id"]) for one in found if str(at(one, "url")).endswith(_path(connection.id)))
        if not page.has_more:
            return
        after = {"starting_after": page.last_id}


def _fallback(endpoint: WebhookEndpoint) -> "WebhookEndpoint.State":
    """Return how an endpoint stands where Stripe refused what was asked for."""
    return State.READY if endpoint.secret_encrypted else State.REFUSED


def _settle(connection: Connection, asked: str, **facts: Any) -> None:
    with tenant(connection.organization_id):
        _rows(connection).filter(state=asked).update(**facts)


def _row(connection: Connection) -> WebhookEndpoint:
    found = _rows(connection).select_for_update().first()
    ours = {"organization_id": connection.organization_id, "connection_id": connection.id}
    return found or WebhookEndpoint(**ours, made_by=MadeBy.API)


def _open_route(connection: Connection) -> None:
    WebhookRoute.objects.get_or_create(
        connection_id=connection.id, defaults={"organization_id": connection.organization_id}
    )


def _rows(connection: Connection) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id
    )
