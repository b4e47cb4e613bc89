"""What opens an account: a connection's secrets, encrypted for its row alone, and the client they give."""

from django.views.decorators.debug import sensitive_variables

from accounts import secrets
from billing_sync.models import Connection
from billing_sync.stripe_client import Stripe, client

SECRETS_MODEL, KEY = "billing_sync.Connection", "key_encrypted"
HINT_LETTERS = 4


def stripe_of(connection: Connection) -> Stripe:
    """Return the process's client for a connection's account."""
    return client(open_key(connection), connection.api_base)


@sensitive_variables("key")
def seal_key(connection: Connection, key: str) -> None:
    """Put a key into a connection, encrypted for this row alone."""
    connection.key_hint = f"{key[: len('rk_test_')]}…{key[-HINT_LETTERS:]}"
    connection.key_encrypted = seal(connection, KEY, key)


def open_key(connection: Connection) -> str:
    """Return a connection's key, for a request to Stripe and nothing else."""
    return unseal(connection, KEY, bytes(connection.key_encrypted))


@sensitive_variables("text")
def seal(connection: Connection, field: str, text: str) -> bytes:
    """Encrypt a secret of a connection, for one field of its row alone."""
    return secrets.encrypt(
        text,
        organization_id=connection.organization_id,
        model=SECRETS_MODEL,
        field=field,
        row=str(connection.id),
    )


def unseal(connection: Connection, field: str, secret: bytes) -> str:
    """Return what `seal` encrypted for the same field and row."""
    return secrets.decrypt(
        secret,
        organization_id=connection.organization_id,
        model=SECRETS_MODEL,
        field=field,
        row=str(connection.id),
    )
