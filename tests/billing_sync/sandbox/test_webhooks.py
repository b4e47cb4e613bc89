"""Webhook endpoints are made as Stripe makes them, and told of what happens."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import stripe

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY, LIVE_WEBHOOK_KEY, WEBHOOK_KEY
from billing_sync.sandbox.server import serving
from tests.billing_sync.sandbox.asking import control, told_to
from tests.billing_sync.sandbox.conftest import NOW, client_of
from tests.billing_sync.sandbox.receiving import Receiver, receiving, until
from tests.billing_sync.sandbox.shapes import errors

SOON = int((NOW + timedelta(days=9)).timestamp())
WANTED = {"url": "https://example.com/hook", "enabled_events": ["invoice.paid", "customer.created"]}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(generate(11, 40, NOW))


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    with serving(sandbox) as base_url:
        yield base_url


@pytest.fixture
def client(address: str) -> stripe.StripeClient:
    return client_of(address, WEBHOOK_KEY)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_an_endpoint_tells_its_secret_at_its_creation_alone(client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({**WANTED, "api_version": "2026-10-28.endive"})  # type: ignore[typeddict-item]
    found = client.v1.webhook_endpoints.retrieve(made.id)
    assert str(made.secret).startswith("whsec_")
    assert "secret" not in found.to_dict()
    assert found.enabled_events == WANTED["enabled_events"]
    assert [errors(one.to_dict()) for one in (made, found)] == [[], []]


def test_an_endpoint_can_be_changed_listed_and_deleted(client: stripe.StripeClient) -> None:
    first, second = (client.v1.webhook_endpoints.create(WANTED) for _ in range(2))  # type: ignore[arg-type]
    changed = client.v1.webhook_endpoints.update(
        first.id, {"disabled": True, "enabled_events": ["*"], "metadata": {"by": "us"}, "description": "Ours"}
    )
    assert (changed.status, changed.enabled_events, changed.description) == ("disabled", ["*"], "Ours")
    assert changed.metadata["by"] == "us"
    assert [one.id for one in client.v1.webhook_endpoints.list().data] == [second.id, first.id]
    assert client.v1.webhook_endpoints.delete(first.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint"):
        client.v1.webhook_endpoints.retrieve(first.id)


def test_a_key_that_only_reads_is_told_what_it_lacks(address: str) -> None:
    with pytest.raises(stripe.PermissionError, match="'rak_webhook_write' permission would allow"):
        client_of(address, FULL_KEY).v1.webhook_endpoints.create(WANTED)  # type: ignore[arg-type]
    with pytest.raises(stripe.PermissionError, match="'rak_webhook_read'"):
        client_of(address, FULL_KEY).v1.webhook_endpoints.list()


def test_each_mode_has_its_own_endpoints(address: str, client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create(WANTED)  # type: ignore[arg-type]
    live = client_of(address, LIVE_WEBHOOK_KEY)
    assert live.v1.webhook_endpoints.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match=made.id):
        live.v1.webhook_endpoints.delete(made.id)


def test_a_repeated_creation_with_one_idempotency_key_makes_one(client: stripe.StripeClient) -> None:
    once = {"idempotency_key": "the-same"}
    made = [client.v1.webhook_endpoints.create(WANTED, once) for _ in range(2)]  # type: ignore[arg-type]
    assert made[0].id == made[1].id
    assert len(client.v1.webhook_endpoints.list().data) == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"enabled_events": ["*"]}, "Missing required param: url"),
        ({"url": "https://example.com"}, "Missing required param: enabled_events"),
        ({"url": "nowhere", "enabled_events": ["*"]}, "Invalid URL"),
        ({**WANTED, "enabled_events": ["everything"]}, r"Invalid enabled_events\[0\]: everything"),
        ({**WANTED, "api_version": "newest"}, "Invalid API version: newest"),
        ({**WANTED, "colour": "red"}, "Received unknown parameter: colour"),
        ({**WANTED, "connect": "maybe"}, "Invalid boolean: maybe"),
    ],
)
def test_a_bad_endpoint_is_refused(
    client: stripe.StripeClient, params: dict[str, object], message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.webhook_endpoints.create(params)  # type: ignore[arg-type]


def test_a_seventeenth_endpoint_is_refused(client: stripe.StripeClient) -> None:
    for _ in range(16):
        client.v1.webhook_endpoints.create(WANTED)  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        client.v1.webhook_endpoints.create(WANTED)  # type: ignore[arg-type]


def test_what_happens_is_posted_and_signed(
    sandbox: Sandbox, client: stripe.StripeClient, receiver: Receiver
) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["invoice.paid"]})
    before = sandbox.company.now
    sandbox.advance(SOON)
    asked = {"type": "invoice.paid", "created": {"gt": before}, "limit": 100}
    wanted = client.v1.events.list(asked).data  # type: ignore[arg-type]
    got = [
        client.construct_event(body, signature, str(made.secret))
        for body, signature in receiver.wait_for(len(wanted))
    ]
    assert wanted
    assert {event.id for event in got} == {event.id for event in wanted}
    assert [errors(event.to_dict(for_json=True)) for event in got] == [[]] * len(got)


def test_a_disabled_endpoint_is_told_nothing(
    sandbox: Sandbox, address: str, client: stripe.StripeClient, receiver: Receiver
) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    sandbox.advance(SOON)
    sandbox.courier.collect()
    assert control(address, "webhooks")["waiting"] == 0


def test_a_refused_delivery_is_tried_again(sandbox: Sandbox, address: str, receiver: Receiver) -> None:
    receiver.status = 500
    made = control(address, "webhooks", {"url": receiver.url, "enabled_events": ["invoice.paid"]})
    sandbox.advance(SOON)
    count = len({body for body, _ in receiver.wait_for(1)})
    receiver.status = 200
    until(lambda: control(address, "webhooks")["waiting"] == 0)
    answers = control(address, "webhooks")["endpoints"][0]["answers"]
    assert answers["500"] >= count
    assert answers["200"] == len({body for body, _ in receiver.got})
    assert made["url"] == receiver.url


def test_faults_repeat_and_drop_what_is_posted(sandbox: Sandbox, address: str, receiver: Receiver) -> None:
    control(address, "webhooks", {"url": receiver.url})
    sandbox.misbehave(Faults(webhook_repeat=3, webhook_drop=200, webhook_shuffle=1, seed=2))
    before = sandbox.company.now
    sandbox.advance(SOON)
    sandbox.courier.collect()
    until(lambda: sandbox.courier.waiting() == 0)
    happened = {event.id for event in sandbox.company.book.all("event") if event.created > before}
    ids = [json.loads(body)["id"] for body, _ in receiver.got]
    assert set(ids) < happened
    assert len(set(ids)) < len(ids)


def test_a_rotated_secret_signs_beside_the_old_one(
    sandbox: Sandbox, address: str, client: stripe.StripeClient, receiver: Receiver
) -> None:
    old = control(address, "webhooks", {"url": receiver.url})
    new = control(address, "webhooks/rotate", {"id": old["id"]})
    assert old["secret"] != new["secret"]
    sandbox.advance(SOON)
    body, header = receiver.wait_for(1)[0]
    assert str(header).count("v1=") == 2
    for secret in (old["secret"], new["secret"]):
        client.construct_event(body, header, secret)
    last = control(address, "webhooks/rotate", {"id": old["id"], "overlap": False})
    assert sandbox.webhooks.get(old["id"]).secrets == (last["secret"],)  # type: ignore[union-attr]


def test_past_events_are_delivered_on_demand(sandbox: Sandbox, address: str, receiver: Receiver) -> None:
    control(address, "webhooks", {"url": receiver.url})
    since = sandbox.company.now - 5 * 86_400
    told = {"since": since, "repeat": [2, 2], "drop": 0.1, "shuffle": True, "forged": 0.3, "seed": 3}
    done = control(address, "webhooks/deliver", told)
    assert done["statuses"] == {"200": done["sent"]}
    assert done["sent"] == len(receiver.got) == sum(done["ways"].values())
    assert done["ways"]["honest"] % 2 == 0
    assert done["ways"]["forged"] > 0


@pytest.mark.parametrize(
    ("name", "told", "message"),
    [
        ("webhooks/deliver", {"repeat": [0, 1]}, "repeat"),
        ("webhooks/deliver", {"drop": 5}, "drop=5: it is a share, from 0 to 1"),
        ("webhooks/deliver", {"drop": "many"}, "makes no sense"),
        ("webhooks/deliver", {"speed": 5}, "'speed' means nothing here; choose from since"),
        ("webhooks/deliver", {"endpoint": "we_nobody"}, "No such webhook endpoint"),
        ("webhooks/rotate", {"id": "we_nobody"}, "No such webhook endpoint"),
        ("webhooks", {}, "Give the `url`"),
        ("webhooks", [], "Send a JSON object, such as"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_with_a_reason(
    address: str, name: str, told: object, message: str
) -> None:
    answer = told_to(address, name, told)
    assert answer.status in (400, 404)
    assert message in answer.error["message"]
