"""The secrets that sign a connection's webhooks: encrypted for their row, replaced with a time of overlap."""

from datetime import timedelta

from django.views.decorators.debug import sensitive_variables

from accounts import secrets
from billing_sync.models import WebhookEndpoint
from config.clock import now

MODEL = "billing_sync.WebhookEndpoint"
CURRENT, PREVIOUS = "secret_encrypted", "previous_secret_encrypted"
secrets.keep(MODEL, CURRENT, PREVIOUS, row="connection_id")
# Stripe tries again for three days, each time with a fresh signature by the secrets of that moment.
OVERLAP = timedelta(hours=24)


@sensitive_variables("secret", "before")
def replace(endpoint: WebhookEndpoint, secret: str) -> None:
    """Let a new secret count from now on, and the present one for another day."""
    before = unseal(endpoint, CURRENT)
    if before and before != secret:
        endpoint.previous_secret_encrypted = _seal(endpoint, PREVIOUS, before)
        endpoint.previous_until = now() + OVERLAP
    endpoint.secret_encrypted = _seal(endpoint, CURRENT, secret)


def forget(endpoint: WebhookEndpoint) -> None:
    """Let no secret count any longer."""
    endpoint.secret_encrypted = endpoint.previous_secret_encrypted = b""
    endpoint.previous_until = None


def unseal(endpoint: WebhookEndpoint, field: str) -> str:
    """Return one of an endpoint's secrets, empty where there is none."""
    sealed = bytes(getattr(endpoint, field))
    if not sealed:
        return ""
    return secrets.decrypt(
        sealed,
        organization_id=endpoint.organization_id,
        model=MODEL,
        field=field,
        row=str(endpoint.connection_id),
    )


@sensitive_variables("secret")
def _seal(endpoint: WebhookEndpoint, field: str, secret: str) -> bytes:
    return secrets.encrypt(
        secret,
        organization_id=endpoint.organization_id,
        model=MODEL,
        field=field,
        row=str(endpoint.connection_id),
    )
