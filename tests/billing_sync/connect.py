"""An account at Stripe that this installation, registered there, may be connected to by its owner."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.test import override_settings

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import PLATFORM_KEY
from billing_sync.sandbox.oauth import CLIENT_ID
from billing_sync.sandbox.server import serving
from tests.billing_sync.accounts import NOW


@contextmanager
def registered(
    *, seed: int = 7, size: int = 2, platform_key: str = PLATFORM_KEY, faults: Faults | None = None
) -> Iterator[tuple[Sandbox, str]]:
    """Serve an account and register this installation there; give the sandbox and its address."""
    sandbox = Sandbox(generate(seed=seed, size=size, now=NOW), faults=faults)
    with serving(sandbox) as base_url, settings_for(base_url, platform_key):
        yield sandbox, base_url


def settings_for(base_url: str, platform_key: str = PLATFORM_KEY) -> override_settings:
    """Return the settings of an operator who registered this installation."""
    return override_settings(
        STRIPE_CLIENT_ID=CLIENT_ID,
        STRIPE_PLATFORM_KEY=platform_key,
        STRIPE_CONNECT_BASE=base_url,
        STRIPE_API_BASE=base_url,
    )


def decided(address: str) -> str:
    """Visit Stripe's page, which decides at once; return the path that the browser comes back to."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    back = urlsplit(answer.headers["Location"])
    connection.close()
    return f"{back.path}?{back.query}"


def tell(base_url: str, **orders: Any) -> None:
    """Let the account's owner deny, withdraw, or let tokens expire."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    connection.request("POST", "/_sandbox/oauth", json.dumps(orders))
    assert connection.getresponse().status == 200
    connection.close()
