"""Connections that take webhooks, bodies signed as Stripe signs them, and a web server as `up` runs it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from django.test import Client, override_settings

from accounts.models import Organization
from accounts.tenancy import tenant
from benchmarks.posting import signer
from billing_sync.models import Connection, WebhookDelivery, WebhookEndpoint, WebhookRoute
from billing_sync.webhooks import endpoints, receiving
from config.embedded.children import free_port
from config.management.commands.up import web_command
from tests.environment import PROJECT

SECRET = "whsec_" + "a" * 32
OTHER_SECRET = "whsec_" + "b" * 32
CREATED = 1_795_000_000
READY_SECONDS = 60


def live_connection(organization: Organization, **facts: Any) -> Connection:
    """Make a connection whose import has ended, without an account behind it."""
    given = {"kind": Connection.Kind.RESTRICTED_KEY, "state": Connection.State.LIVE, "livemode": False}
    with tenant(organization.id):
        return Connection.objects.create(organization_id=organization.id, **{**given, **facts})


def listening(connection: Connection, secret: str = SECRET) -> str:
    """Let a connection take webhooks signed with a secret; return their address's path."""
    with tenant(connection.organization_id):
        endpoints.accept(connection, secret)
    receiving.routes.forget()
    return f"/webhooks/stripe/{connection.id}/"


def told(number: int, kind: str = "payout", **facts: Any) -> bytes:
    """Return the body of an event about an object; a payout is not mirrored."""
    value = {"id": f"{kind}_{number}", "object": kind, **facts}
    event = {"id": f"evt_{number:08d}", "object": "event", "type": f"{kind}.updated", "created": CREATED}
    return json.dumps({**event, "livemode": False, "data": {"object": value}}).encode()


def post(path: str, body: bytes, header: str | None = None) -> int:
    """Post a body, rightly signed unless a header is given; return the status of the answer."""
    given = signer(SECRET)(body) if header is None else header
    headers = {"Stripe-Signature": given} if given else {}
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    assert answer.content == b""
    return answer.status_code


def deliveries(connection: Connection) -> list[WebhookDelivery]:
    """Return what is kept of a connection's webhooks, in the order of their events."""
    with tenant(connection.organization_id):
        found = WebhookDelivery.objects.filter(
            organization_id=connection.organization_id, connection_id=connection.id
        )
        return list(found.order_by("event_id"))


def endpoint(connection: Connection) -> WebhookEndpoint:
    """Return the connection's endpoint."""
    with tenant(connection.organization_id):
        return WebhookEndpoint.objects.get(
            organization_id=connection.organization_id, connection_id=connection.id
        )


def routes() -> int:
    return WebhookRoute.objects.count()


@contextmanager
def web_server() -> Iterator[str]:
    """Run the web server as `manage.py up` does, and give its address."""
    port = free_port()
    with override_settings(PORT=port):
        command = web_command()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PORT": str(port)}
    server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not answers(port):
            assert server.poll() is None, "The web server ended."
            assert time.monotonic() < deadline, "The web server does not answer."
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def base_url() -> str:
    return str(settings.BASE_URL)
