"""Whose a posted webhook is and which secrets may have signed it, remembered for a short while.

Addresses that nobody has, and signatures that are wrong, cost no more than one look a second at the database.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from django.db import DatabaseError
from django.db import connection as database

from accounts.secrets import SecretUnreadableError
from accounts.tenancy import tenant
from billing_sync.models import ConnectedAccount, WebhookEndpoint, WebhookRoute
from billing_sync.webhooks.keeping import Owner
from billing_sync.webhooks.secrets import CURRENT, PREVIOUS, unseal
from config.clock import now

KNOWN_SECONDS = 10.0
AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may sign a connection's webhooks at present; the previous secret until a time."""

    current: bytes
    previous: bytes
    previous_until: datetime | None

    def valid(self, at: datetime) -> list[bytes]:
        """Return the secrets that count at a time."""
        keeps = self.previous_until is not None and at < self.previous_until
        return [one for one in (self.current, self.previous if keeps else b"") if one]


@dataclass(frozen=True, slots=True)
class Reader:
    """A connection by Stripe Connect, and the mode in which it reads its account."""

    owner: Owner
    livemode: bool


class Routes:
    """The organizations and secrets of all connections, as one process knows them."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._organizations: dict[UUID, UUID] | None = None
        self._secrets: dict[UUID, Secrets] = {}
        self._readers: dict[str, list[Reader]] | None = None
        self._looked_at: dict[UUID | str | None, float] = {}

    def organization_of(self, connection_id: UUID) -> UUID | None:
        """Return the organization of a connection that takes webhooks."""
        with self._turn:
            if self._due(None, known=connection_id in (self._organizations or {})):
                self._organizations = _organizations()
            if self._organizations is None:
                raise DatabaseError("The connections could not be read a moment ago.")
            return self._organizations.get(connection_id)

    def readers_of(self, account_id: str, livemode: bool | None) -> list[Owner]:
        """Return who reads an account by Stripe Connect in one mode, None for either."""
        with self._turn:
            if self._due("readers", known=account_id in (self._readers or {})):
                self._readers = _readers()
            if self._readers is None:
                raise DatabaseError("The connected accounts could not be read a moment ago.")
            found = self._readers.get(account_id, [])
        return [one.owner for one in found if livemode in (None, one.livemode)]

    def secrets_of(
        self, organization_id: UUID, connection_id: UUID, *, doubted: bool = False
    ) -> Sequence[bytes]:
        """Return the secrets of a connection; `doubted` after a signature that fits none of them."""
        with self._turn:
            if self._due(connection_id, known=connection_id in self._secrets and not doubted):
                self._secrets[connection_id] = _secrets(organization_id, connection_id)
            if connection_id not in self._secrets:
                raise DatabaseError("The secrets could not be read a moment ago.")
            return self._secrets[connection_id].valid(now())

    def forget(self) -> None:
        """Begin anew."""
        with self._turn:
            self._organizations, self._readers, self._secrets, self._looked_at = None, None, {}, {}

    def _due(self, what: UUID | str | None, *, known: bool) -> bool:
        """Say whether to look at the database, and count it as looked at however that ends."""
        at, looked_at = time.monotonic(), self._looked_at.get(what)
        if looked_at is not None and at - looked_at < (KNOWN_SECONDS if known else AGAIN_SECONDS):
            return False
        self._looked_at[what] = at
        return True


def _organizations() -> dict[UUID, UUID]:
    try:
        return dict(WebhookRoute.objects.values_list("connection_id", "organization_id"))
    finally:
        database.close()


def _readers() -> dict[str, list[Reader]]:
    found: dict[str, list[Reader]] = {}
    try:
        for one in ConnectedAccount.objects.order_by("connection_id"):
            reader = Reader((one.organization_id, one.connection_id), one.livemode)
            found.setdefault(one.account_id, []).append(reader)
    finally:
        database.close()
    return found


def _secrets(organization_id: UUID, connection_id: UUID) -> Secrets:
    try:
        with tenant(organization_id):
            endpoint = WebhookEndpoint.objects.filter(
                organization_id=organization_id, connection_id=connection_id
            ).first()
        if endpoint is None:
            return Secrets(b"", b"", None)
        return Secrets(
            unseal(endpoint, CURRENT).encode(), unseal(endpoint, PREVIOUS).encode(), endpoint.previous_until
        )
    except SecretUnreadableError:
        return Secrets(b"", b"", None)
    finally:
        database.close()
