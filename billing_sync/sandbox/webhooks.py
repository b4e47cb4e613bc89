"""Where an account's events are sent, and the signature by which they are known."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_hex
from typing import Any

from .objects.json import Json

MOST = 16


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """Hold one endpoint; with `connect` it gets the events of accounts connected to a platform."""

    url: str
    secret: str
    enabled_events: tuple[str, ...] = ("*",)
    api_version: str | None = None
    id: str = "we_1Sandbox"
    created: int = 0
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    disabled: bool = False
    thin: bool = False
    connect: bool = False
    former_secret: str | None = None

    def wants(self, kind: str) -> bool:
        """Return whether events of a type are sent here."""
        wanted = {name.removeprefix("v1.") for name in self.enabled_events}
        return not self.disabled and ("*" in wanted or kind in wanted)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the secrets that sign: two of them while one replaces the other."""
        return (self.secret, *([self.former_secret] if self.former_secret else []))


def webhook_endpoint(record: WebhookEndpoint, *, with_secret: bool = False) -> Json:
    """Return an endpoint; its secret is told at its creation alone."""
    return {
        "id": record.id,
        "object": "webhook_endpoint",
        "api_version": record.api_version,
        "application": None,
        "created": record.created,
        "description": record.description,
        "enabled_events": list(record.enabled_events),
        "livemode": record.live,
        "metadata": dict(record.metadata),
        **({"secret": record.secret} if with_secret else {}),
        "status": "disabled" if record.disabled else "enabled",
        "url": record.url,
    }


def new_secret() -> str:
    """Return a secret to sign with."""
    return f"whsec_{token_hex(16)}"


def signature(secrets: Sequence[str], at: int, body: bytes) -> str:
    """Return the header that signs a body sent at an instant, once with each secret."""
    signed = b"%d." % at + body
    marks = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Webhooks:
    """Keep an account's endpoints, oldest first."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._endpoints: dict[str, WebhookEndpoint] = {}
        self._made = 0

    def __iter__(self) -> Iterator[WebhookEndpoint]:
        return iter(list(self._endpoints.values()))

    def get(self, identity: str) -> WebhookEndpoint | None:
        """Return an endpoint, or None."""
        return self._endpoints.get(identity)

    def create(self, url: str, created: int, **details: Any) -> WebhookEndpoint:
        """Register an endpoint with a new secret."""
        self._made += 1
        identity = f"we_1{self._tag}{self._made:06d}"
        endpoint = WebhookEndpoint(url, new_secret(), id=identity, created=created, **details)
        self._endpoints[identity] = endpoint
        return endpoint

    def change(self, identity: str, **changes: Any) -> WebhookEndpoint:
        """Change an endpoint."""
        self._endpoints[identity] = replace(self._endpoints[identity], **changes)
        return self._endpoints[identity]

    def rotate(self, identity: str, *, overlap: bool) -> WebhookEndpoint:
        """Give an endpoint a new secret; with an overlap the former one signs too."""
        former = self._endpoints[identity].secret
        return self.change(identity, secret=new_secret(), former_secret=former if overlap else None)

    def remove(self, identity: str) -> None:
        """Forget an endpoint."""
        del self._endpoints[identity]
