"""An account and its keys change behind the back of whoever reads it."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import serving
from tests.billing_sync.sandbox.asking import bare, control, told_to
from tests.billing_sync.sandbox.conftest import NOW, client_of
from tests.billing_sync.sandbox.receiving import receiving
from tests.billing_sync.sandbox.shapes import errors


@pytest.fixture(params=[False, True], ids=["in memory", "in files"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return Sandbox(generate(11, 12, NOW, spilled=request.param))


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    with serving(sandbox) as base_url:
        yield base_url


def test_a_permission_can_be_withdrawn_and_given_back(address: str) -> None:
    control(address, "keys", {"key": FULL_KEY, "without": ["rak_invoice_read"]})
    assert bare(address, "/v1/invoices").status == 403
    assert bare(address, "/v1/customers").status == 200
    control(address, "keys", {"key": FULL_KEY, "without": []})
    assert bare(address, "/v1/invoices").status == 200


def test_a_revoked_key_is_unknown_and_an_expired_one_is_told_so(address: str) -> None:
    control(address, "keys", {"key": FULL_KEY, "revoked": True})
    assert (bare(address).status, bare(address).error["message"][:15]) == (401, "Invalid API Key")
    control(address, "keys", {"key": FULL_KEY, "revoked": False, "expired": True})
    assert bare(address).error["code"] == "api_key_expired"


def test_a_new_key_can_be_made(address: str) -> None:
    control(address, "keys", {"key": "rk_test_made_just_now"})
    assert bare(address, key="rk_test_made_just_now").status == 200


def test_a_deleted_object_vanishes_without_a_word(sandbox: Sandbox, address: str) -> None:
    client = client_of(address)
    price, *others = [one.id for one in client.v1.prices.list({"limit": 100}).data]
    events = sandbox.company.book.count("event")
    control(address, "delete", {"kind": "price", "id": price})
    assert [one.id for one in client.v1.prices.list({"limit": 100}).data] == others
    with pytest.raises(stripe.InvalidRequestError, match="No such price"):
        client.v1.prices.retrieve(price)
    with pytest.raises(stripe.InvalidRequestError, match="No such price"):
        client.v1.prices.list({"starting_after": price})
    assert sandbox.company.book.count("event") == events


def test_a_deleted_payment_vanishes_by_its_own_id(address: str) -> None:
    client = client_of(address)
    first, *others = [one.id for one in client.v1.invoice_payments.list({"limit": 10}).data]
    control(address, "delete", {"kind": "invoice_payment", "id": first})
    assert [one.id for one in client.v1.invoice_payments.list({"limit": 9}).data] == others


def test_a_deleted_customer_is_announced_if_asked(sandbox: Sandbox, address: str) -> None:
    client = client_of(address)
    customer = client.v1.customers.list().data[0].id
    with receiving() as receiver:
        secret = control(address, "webhooks", {"url": receiver.url})["secret"]
        done = control(address, "delete", {"kind": "customer", "id": customer, "event": True})
        body, signature = receiver.wait_for(1)[0]
    event = client.construct_event(body, signature, secret)
    assert (
        (event.type, event.data.object["id"]) == (done["event"], customer) == ("customer.deleted", customer)
    )
    assert client.v1.events.list({"limit": 1}).data[0].id == event.id
    assert client.v1.customers.retrieve(customer).deleted is True
    assert errors(event.to_dict(for_json=True)) == []


def test_an_altered_object_is_shown_otherwise_everywhere(sandbox: Sandbox, address: str) -> None:
    client = client_of(address)
    before = client.v1.subscriptions.list({"limit": 1}).data[0].to_dict()
    changes = {"metadata": {"plan": "gold"}, "items": {"data": {"0": {"quantity": 99}}}}
    events = sandbox.company.book.count("event")
    control(address, "alter", {"kind": "subscription", "id": before["id"], "changes": changes})
    for shown in (
        client.v1.subscriptions.list({"limit": 1}).data[0],
        client.v1.subscriptions.retrieve(before["id"]),
    ):
        found: Any = shown.to_dict()
        assert found["items"]["data"][0]["quantity"] == 99
        assert found["metadata"] == {"plan": "gold"}
        assert found["created"] == before["created"]
    assert sandbox.company.book.count("event") == events


def test_an_announced_alteration_tells_what_was_before(address: str) -> None:
    client = client_of(address)
    customer = client.v1.customers.list().data[0]
    told = {"kind": "customer", "id": customer.id, "changes": {"name": "Renamed"}, "event": True}
    control(address, "alter", told)
    event = client.v1.events.list({"limit": 1}).data[0].to_dict(for_json=True)
    assert event["type"] == "customer.updated"
    assert event["data"]["object"]["name"] == "Renamed"
    assert event["data"]["previous_attributes"] == {"name": customer.name}
    assert errors(event) == []


@pytest.mark.parametrize(
    ("name", "told", "message"),
    [
        ("keys", {}, "Give the `key`"),
        (
            "keys",
            {"key": "rk_test_x", "without": ["rak_flying"]},
            "'rak_flying' is no permission; choose from",
        ),
        ("delete", {"kind": "cake", "id": "x"}, "Give the `kind`, one of balance_transaction, "),
        ("delete", {"kind": "customer", "id": "cus_nobody"}, "No such customer: 'cus_nobody'"),
        ("alter", {"kind": "customer", "id": "cus_nobody", "changes": {}}, "No such customer"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_with_a_reason(
    address: str, name: str, told: object, message: str
) -> None:
    answer = told_to(address, name, told)
    assert answer.status in (400, 404)
    assert message in answer.error["message"]


def test_what_cannot_be_done_to_an_object_is_refused(address: str) -> None:
    charge = client_of(address).v1.charges.list().data[0].id
    customer = client_of(address).v1.customers.list().data[0].id
    said = [
        told_to(address, "delete", {"kind": "charge", "id": charge, "event": True}),
        told_to(address, "alter", {"kind": "customer", "id": customer, "changes": {}}),
        told_to(address, "alter", {"kind": "customer", "id": customer, "changes": "all"}),
    ]
    assert [one.status for one in said] == [400, 400, 400]
    assert "Stripe announces no charge as deleted" in said[0].error["message"]
    assert "Give the `changes`" in said[1].error["message"]
