"""One endpoint for all accounts of Stripe Connect: whose events are taken, what the end of access does."""

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import disconnecting, models
from billing_sync.connecting import connect, connect_by_code
from billing_sync.models import ConnectedAccount, Connection, WebhookEndpoint
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.oauth import CLIENT_ID
from billing_sync.webhooks import receiving
from config.clock import now, set_now
from tests.billing_sync.accounts import NOW, connection_of, facts, payloads
from tests.billing_sync.connect import registered, tell
from tests.billing_sync.webhooks.arranging import OTHER_SECRET, SECRET, deliveries, endpoint
from tests.cast import Person

PATH = "/webhooks/stripe/connect/"
State = Connection.State


@pytest.fixture
def stripe(organization: Organization, owner: Person) -> Iterator[tuple[Sandbox, str]]:
    """Serve an account that Stripe Connect opened, on an installation with an endpoint of its own."""
    secrets = override_settings(STRIPE_CONNECT_WEBHOOK_SECRETS=[OTHER_SECRET, SECRET], WEBHOOKS=True)
    with set_now(NOW), registered() as served, secrets:
        by_code(organization, served[0], owner)
        receiving.routes.forget()
        yield served


def by_code(organization: Organization, sandbox: Sandbox, person: Person, again: Any = None) -> None:
    code = sandbox.connection.authorize("read_only", sandbox.company.now)
    connect_by_code(organization.id, uuid4(), code=code, replaces=again, by=person.user)
    jobs.run_until_idle(organization.id)


def event(sandbox: Sandbox, kind: str = "invoice.updated", value: Any = None, **more: Any) -> dict[str, Any]:
    """Return an event as Stripe posts it to a platform."""
    told = {"id": "evt_1", "object": "event", "type": kind, "created": int(NOW.timestamp())}
    named = {"account": sandbox.company.account.id, "livemode": False}
    return {**told, **named, "data": {"object": value or {"id": "in_1", "object": "invoice"}}, **more}


def post(value: Any, secret: str = SECRET) -> int:
    body, stamp = json.dumps(value).encode(), str(int(now().timestamp()))
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={signed}"}
    return Client().post(PATH, body, content_type="application/json", headers=headers).status_code


def process(organization: Organization) -> None:
    jobs.enqueue(organization.id, "process_webhooks", str(connection_of(organization).id))
    jobs.run_until_idle(organization.id)


def test_an_event_is_kept_for_whoever_reads_its_account(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    jobs.enqueue(organization.id, "poll_events", str(connection_of(organization).id))
    jobs.run_until_idle(organization.id)
    assert (post(event(stripe[0])), post(event(stripe[0], id="evt_2"), OTHER_SECRET)) == (200, 200)
    connection = connection_of(organization)
    assert [kept.event_id for kept in deliveries(connection)] == ["evt_1", "evt_2"]
    ours = endpoint(connection)
    assert (ours.made_by, ours.state) == (WebhookEndpoint.MadeBy.PLATFORM, WebhookEndpoint.State.READY)
    assert ours.received_at is not None
    page = owner.client.get(f"/o/acme/connections/{connection.id}/webhook").content.decode()
    assert "by the operator of this installation" in page
    assert PATH in page


def test_what_nobody_here_reads_is_dropped_without_a_write(
    organization: Organization, stripe: tuple[Sandbox, str]
) -> None:
    with CaptureQueriesContext(database) as asked:
        assert post(event(stripe[0], account="acct_of_someone_else")) == 200
        assert post(event(stripe[0], livemode=True)) == 200
        assert post(event(stripe[0], account=None)) == 200
        assert post(["no", "event"]) == 200
    assert {query["sql"].split()[0] for query in asked} == {"SELECT"}
    assert deliveries(connection_of(organization)) == []


def test_the_signature_is_judged_before_anything_is_looked_up(
    organization: Organization, stripe: tuple[Sandbox, str]
) -> None:
    with CaptureQueriesContext(database) as asked:
        assert post(event(stripe[0]), "whsec_of_nobody") == 400
        with override_settings(STRIPE_CONNECT_WEBHOOK_SECRETS=[]):
            assert post(event(stripe[0]), "") == 400
        assert Client().get(PATH).status_code == 405
    assert len(asked) == 0
    assert deliveries(connection_of(organization)) == []


def test_a_key_or_a_leave_ends_the_routing(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    assert ConnectedAccount.objects.get().account_id == stripe[0].company.account.id
    connect(organization.id, api_key=FULL_KEY, api_base=stripe[1])
    jobs.run_until_idle(organization.id)
    assert not ConnectedAccount.objects.exists()
    by_code(organization, stripe[0], owner)
    assert ConnectedAccount.objects.count() == 1
    with tenant(organization.id):
        disconnecting.disconnect(connection_of(organization), keep=True, by=owner.user)
    assert not ConnectedAccount.objects.exists()
    receiving.routes.forget()
    assert post(event(stripe[0])) == 200
    assert deliveries(connection_of(organization)) == []


def test_access_taken_back_stops_with_words_and_connecting_again_goes_on(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    sandbox, base_url = stripe
    before, first = facts(organization), connection_of(organization)
    tell(base_url, deauthorize=True)
    ended = event(sandbox, "account.application.deauthorized", {"id": CLIENT_ID, "object": "application"})
    assert post(ended) == 200
    process(organization)
    stopped = connection_of(organization)
    assert stopped.state == State.REVOKED
    assert stopped.error == "Access was withdrawn in Stripe. Connect with Stripe again; nothing read is lost."
    assert facts(organization) == before
    page = owner.client.get("/o/acme/connections/").content.decode()
    assert stopped.error in page
    assert "Connect with Stripe again</button>" in page
    sandbox.advance(sandbox.company.now + 40 * 86_400)
    by_code(organization, sandbox, owner, again=first.id)
    again = connection_of(organization)
    assert (again.id, again.state, again.error) == (first.id, State.LIVE, "")
    assert len(payloads(organization, models.Invoice)) == sandbox.company.book.count("invoice")
    assert post({**ended, "id": "evt_late"}) == 200
    process(organization)
    assert connection_of(organization).state == State.LIVE
    assert all(one.processed_at for one in deliveries(again))
