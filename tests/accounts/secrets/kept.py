"""Secrets of every kind that is kept, in several organizations, and how all of them are read."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import override_settings

from accounts import factor_secrets
from accounts.models import Organization
from accounts.secrets import encrypt
from accounts.tenancy import tenant
from billing_sync import access
from billing_sync.models import Connection, WebhookEndpoint
from billing_sync.webhooks import secrets as webhook_secrets
from tests.cast import make_organization, person

OLD, NEW = "old:" + "A" * 43, "new:" + "B" * 42 + "A="
NOT_BOUND: Any = {"organization_id": None, "model": "mfa.Authenticator", "field": "data", "row": ""}


@contextmanager
def keys(*entries: str) -> Iterator[None]:
    with override_settings(ENCRYPTION_KEYS=list(entries)):
        yield


@dataclass(slots=True)
class Safe:
    """What was put away, by place; `read` opens every secret and counts those that are not as they were."""

    organizations: list[Organization]
    wanted: dict[tuple[object, ...], str] = field(default_factory=dict)

    def fill(self, connections: int) -> None:
        """Give each organization connections with every kind of secret, and one person a second factor."""
        for number, organization in enumerate(self.organizations):
            with tenant(organization.id):
                for _ in range(connections):
                    self._connect(organization)
            self._equip(f"person{number}@example.com")

    def read(self) -> int:
        """Return how many secrets were read; each must be what it was."""
        found: dict[tuple[object, ...], str] = {}
        for organization in self.organizations:
            with tenant(organization.id):
                for connection in Connection.objects.all():
                    for name in (access.KEY, access.REFRESH_TOKEN, access.CODE):
                        opened = access.unseal(connection, name, bytes(getattr(connection, name)))
                        found[connection.id, name] = opened
                for endpoint in WebhookEndpoint.objects.all():
                    for name in (webhook_secrets.CURRENT, webhook_secrets.PREVIOUS):
                        found[endpoint.connection_id, name] = webhook_secrets.unseal(endpoint, name)
        for factor in Authenticator.objects.all():
            for name in ("secret", "seed"):
                if name in factor.data:
                    found[factor.pk, name] = factor_secrets.unseal(factor.data[name], factor.user_id)
        assert found == self.wanted
        return len(found)

    def replace_a_key(self, connection: Connection) -> None:
        """Give a connection another key, as its owner may at any time."""
        with tenant(connection.organization_id):
            current = Connection.objects.get(organization_id=connection.organization_id, id=connection.id)
            self.wanted[current.id, access.KEY] = key = f"rk_test_{uuid4().hex}"
            access.seal_key(current, key)
            current.save(update_fields=["key_encrypted", "key_hint"])

    def _connect(self, organization: Organization) -> None:
        connection = Connection(
            organization=organization,
            kind=Connection.Kind.OAUTH,
            state=Connection.State.REVOKED,
            account_id=f"acct_{uuid4().hex[:12]}",
        )
        access.seal_key(connection, f"rk_test_{uuid4().hex}")
        for name in (access.REFRESH_TOKEN, access.CODE):
            setattr(connection, name, access.seal(connection, name, f"rt_{uuid4().hex}"))
        connection.save()
        endpoint = WebhookEndpoint(
            organization=organization, connection_id=connection.id, made_by=WebhookEndpoint.MadeBy.HAND
        )
        for _ in range(2):
            webhook_secrets.replace(endpoint, f"whsec_{uuid4().hex}")
        endpoint.save()
        for name in (access.KEY, access.REFRESH_TOKEN, access.CODE):
            self.wanted[connection.id, name] = access.unseal(connection, name, getattr(connection, name))
        for name in (webhook_secrets.CURRENT, webhook_secrets.PREVIOUS):
            self.wanted[connection.id, name] = webhook_secrets.unseal(endpoint, name)

    def _equip(self, email: str) -> None:
        user = person(email).user
        for kind, name in ((Authenticator.Type.TOTP, "secret"), (Authenticator.Type.RECOVERY_CODES, "seed")):
            text = uuid4().hex
            # As first releases kept them: for no person in particular.
            sealed = base64.b64encode(encrypt(text, **NOT_BOUND)).decode()
            factor = Authenticator.objects.create(user=user, type=kind, data={name: sealed, "used_mask": 5})
            self.wanted[factor.pk, name] = text


def filled(organizations: int, connections: int) -> Safe:
    """Return a safe whose secrets are all under the old key."""
    safe = Safe([make_organization(f"company-{number}") for number in range(organizations)])
    with keys(OLD):
        safe.fill(connections)
    assert settings.ENCRYPTION_KEYS
    return safe
