"""A provider of mail: messages go through its interface, and its reports suspend addresses."""

import json
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import outbox
from accounts.models import Organization, Outbox, SuspendedAddress
from accounts.tenancy import tenant
from config.mail import anymail, parse
from tests.cast import Person

SECRET = "post:some-long-password"
BOUNCE = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "TypeCode": 1,
    "ID": 4323372036854775807,
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Description": "The server was unable to deliver your message",
    "Details": "smtp;550 5.1.1 The account does not exist",
    "Email": "Owner@acme.example",
    "From": "millrace@localhost",
    "BouncedAt": "2026-11-05T16:33:54Z",
    "Inactive": True,
    "Subject": "Revenue churn 5.0% at Acme",
}
COMPLAINT = {**BOUNCE, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512}
DELIVERY = {
    "RecordType": "Delivery",
    "Recipient": "owner@acme.example",
    "MessageID": "1",
    "DeliveredAt": "2026-11-05T16:33:54Z",
}


class Provider(BaseHTTPRequestHandler):
    """Answer as the provider's interface does, and keep what came."""

    taken: list[dict[str, Any]] = []
    answer: tuple[int, dict[str, Any]] = (200, {})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.taken.append(json.loads(self.rfile.read(length)))
        status, words = self.answer
        body = json.dumps({"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", **words}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def provider(settings: Settings) -> Iterator[type[Provider]]:
    """Send mail through a provider that answers on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    settings.MAIL_SERVER = parse(f"anymail://postmark?server_token=t&api_url={url}")
    settings.EMAIL_BACKEND = settings.MAIL_SERVER.backend
    settings.ANYMAIL = anymail(settings.MAIL_SERVER, SECRET)
    Provider.taken, Provider.answer = [], (200, {})
    yield Provider
    server.shutdown()
    server.server_close()


def report(event: object, secret: str = SECRET) -> int:
    header = f"Basic {b64encode(secret.encode()).decode()}"
    told = Client().post(
        "/webhooks/mail/",
        event if isinstance(event, str) else json.dumps(event),
        content_type="application/json",
        headers={"authorization": header},
    )
    return int(told.status_code)


def sent(organization: Organization, owner: Person) -> Outbox:
    with tenant(organization.id):
        outbox.put(organization.id, [owner.user.pk], "test", "test:1")
    outbox.deliver(organization.id, "")
    with tenant(organization.id):
        return Outbox.objects.get()


def test_a_message_goes_through_the_provider_with_its_headers(
    provider: type[Provider], organization: Organization, owner: Person
) -> None:
    row = sent(organization, owner)
    assert row.sent_at is not None
    told = provider.taken[0]
    headers = {one["Name"]: one["Value"] for one in told["Headers"]}
    assert told["To"] == owner.email
    assert str(row.id) in headers["Message-ID"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "E-mail arrives" in told["HtmlBody"]


def test_a_provider_that_fails_is_asked_again_later(
    provider: type[Provider], organization: Organization, owner: Person
) -> None:
    provider.answer = (503, {"ErrorCode": 100, "Message": "Maintenance"})
    row = sent(organization, owner)
    assert (row.sent_at, row.dropped, row.attempts) == (None, "", 1)
    assert "503" in row.last_error


def test_an_address_that_the_provider_refuses_is_suspended(
    provider: type[Provider], organization: Organization, owner: Person
) -> None:
    words = f"Found inactive addresses: {owner.email}.\nInactive recipients have bounced."
    provider.answer = (422, {"ErrorCode": 406, "Message": words})
    assert sent(organization, owner).dropped == "address refused"
    assert outbox.suspension(owner.email) is not None


@pytest.mark.parametrize(("event", "reason"), [(BOUNCE, "bounced"), (COMPLAINT, "complained")])
def test_a_bounce_and_a_complaint_suspend_the_address(
    provider: type[Provider], db: None, event: dict[str, Any], reason: str
) -> None:
    assert report(event) == 200
    found = SuspendedAddress.objects.get()
    assert (found.email, found.reason) == ("owner@acme.example", reason)
    assert found.detail


@pytest.mark.parametrize("event", [DELIVERY, {**BOUNCE, "Type": "Transient"}])
def test_a_delivery_and_a_passing_trouble_suspend_nothing(
    provider: type[Provider], db: None, event: dict[str, Any]
) -> None:
    assert report(event) == 200
    assert not SuspendedAddress.objects.exists()


@pytest.mark.parametrize("secret", ["post:guessed", "", ":"])
def test_a_forged_report_is_refused(provider: type[Provider], db: None, secret: str) -> None:
    assert report(BOUNCE, secret) == 403
    assert not SuspendedAddress.objects.exists()


@pytest.mark.parametrize("body", ["", "no json", "[]", "7"])
def test_a_report_that_cannot_be_read_is_refused(provider: type[Provider], db: None, body: str) -> None:
    assert report(body) == 400


def test_without_a_secret_nothing_is_there(provider: type[Provider], db: None, settings: Settings) -> None:
    settings.ANYMAIL = anymail(settings.MAIL_SERVER, "")
    assert report(BOUNCE) == 404
