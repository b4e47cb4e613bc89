from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import DataError

from accounts import jobs
from accounts.models import Job, Organization
from accounts.tenancy import tenant
from billing_sync import models
from billing_sync.models import Connection, SetAside, WebhookDelivery
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.keys import key_without
from billing_sync.sandbox.server import serving
from billing_sync.webhooks import taking
from billing_sync.webhooks.deliveries import step
from config import clock
from tests.billing_sync.accounts import NOW, altered, connected, connection_of, facts, payloads, rows
from tests.billing_sync.test_events import NEWEST, announced, poll
from tests.billing_sync.webhooks.arranging import deliveries, listening, post

Serve = Callable[..., Any]
written = msgspec.json.Encoder(decimal_format="number").encode


@pytest.fixture
def sandboxed(organization: Organization) -> Iterator[Sandbox]:
    """Serve a small account, connected, read and listening."""
    sandbox = Sandbox(generate(seed=7, size=4, now=NOW))
    with serving(sandbox) as base_url:
        connected(organization, base_url)
        yield sandbox


def process(organization: Organization) -> None:
    """Process what was posted, without the poll that follows; the keeper asks for it at its own pace."""
    key = str(connection_of(organization).id)
    jobs.enqueue(organization.id, "process_webhooks", key)
    wanted = jobs.job_id(organization.id, "process_webhooks", key)
    while jobs.run(wanted):
        pass


def an_invoice(organization: Organization) -> dict[str, Any]:
    return next(iter(payloads(organization, models.Invoice).values()))


def changed(value: dict[str, Any], **facts: Any) -> bytes:
    return written({**value, **facts})


def tell(organization: Organization, *events: dict[str, Any]) -> None:
    path = listening(connection_of(organization))
    for event in events:
        assert post(path, written(event)) == 200


def point(organization: Organization, base_url: str) -> None:
    with tenant(organization.id):
        Connection.objects.update(api_base=base_url)


def test_a_webhook_is_a_hint_to_fetch_what_it_names(organization: Organization, sandboxed: Sandbox) -> None:
    invoice = an_invoice(organization)
    answer = {f"/v1/invoices/{invoice['id']}": (200, changed(invoice, total=4_242))}
    with altered(sandboxed.company, answer) as (base_url, asked):
        point(organization, base_url)
        tell(organization, announced("invoice.updated", 1, {**invoice, "total": 1}))
        process(organization)
        assert len([one for one in asked if invoice["id"] in one]) == 1
    assert payloads(organization, models.Invoice)[invoice["id"]]["total"] == 4_242
    (kept,) = deliveries(connection_of(organization))
    assert (bytes(kept.body), kept.processed_at is not None, kept.fetched) == (b"", True, True)
    assert Job.objects.get(kind="poll_events").state == Job.State.QUEUED


def test_what_was_just_processed_waits_no_more(organization: Organization, sandboxed: Sandbox) -> None:
    invoice, connection = an_invoice(organization), connection_of(organization)
    tell(organization, announced("invoice.updated", 1, invoice))
    assert step(organization.id, connection.id) is jobs.DONE


def test_events_of_one_second_and_two_for_one_change_cost_one_request(
    organization: Organization, sandboxed: Sandbox
) -> None:
    invoice = an_invoice(organization)
    told = [
        announced(type_, number, invoice) for number, type_ in enumerate(("invoice.paid", "invoice.updated"))
    ]
    same_second = [{**event, "created": NEWEST} for event in told]
    with altered(sandboxed.company, {}) as (base_url, asked):
        point(organization, base_url)
        tell(organization, *same_second, *same_second)
        process(organization)
    assert len([one for one in asked if invoice["id"] in one]) == 1


def test_the_poll_logs_an_event_and_does_not_fetch_again_what_a_webhook_told(
    organization: Organization, sandboxed: Sandbox
) -> None:
    invoice = an_invoice(organization)
    event = announced("invoice.updated", 1, invoice)
    page = {"object": "list", "data": [event], "has_more": False}
    answer = {"/v1/events": (200, written(page))}
    with altered(sandboxed.company, answer) as (base_url, asked):
        point(organization, base_url)
        tell(organization, event)
        process(organization)
        poll(organization)
        assert len([one for one in asked if invoice["id"] in one]) == 1
        tell(organization, announced("invoice.updated", 2, invoice))
        process(organization)
        assert len([one for one in asked if invoice["id"] in one]) == 2
    assert event["id"] in payloads(organization, models.Event)


def test_a_webhook_later_than_the_poll_costs_no_request(
    organization: Organization, sandboxed: Sandbox
) -> None:
    event = announced("invoice.updated", 1, an_invoice(organization))
    page = {"object": "list", "data": [event], "has_more": False}
    answer = {"/v1/events": (200, written(page))}
    with altered(sandboxed.company, answer) as (base_url, asked):
        point(organization, base_url)
        poll(organization)
        asked.clear()
        tell(organization, event)
        process(organization)
        assert asked == []


def test_a_thin_event_names_its_object_by_kind_and_id(organization: Organization, sandboxed: Sandbox) -> None:
    invoice = an_invoice(organization)
    thin = {
        "id": "evt_test_thin",
        "object": "v2.core.event",
        "type": "v1.invoice.paid",
        "snapshot_event": "evt_told_1",
        "related_object": {"id": invoice["id"], "type": "invoice", "url": f"/v1/invoices/{invoice['id']}"},
    }
    answer = {f"/v1/invoices/{invoice['id']}": (200, changed(invoice, total=17))}
    with altered(sandboxed.company, answer) as (base_url, asked):
        point(organization, base_url)
        tell(organization, thin, announced("invoice.paid", 1, invoice))
        process(organization)
        assert len([one for one in asked if invoice["id"] in one]) == 1
    assert payloads(organization, models.Invoice)[invoice["id"]]["total"] == 17


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ([1, 2], "It is not a JSON object"),
        ({"type": "invoice.paid", "data": {"object": {"object": "invoice", "id": "in_1"}}}, "It has no id"),
        ({"id": "evt_1", "data": None}, "It names no object"),
        (
            {"id": "evt_1", "livemode": True, "data": {"object": {"id": "in_1"}}},
            "It belongs to the other mode",
        ),
    ],
)
def test_signed_nonsense_is_set_aside_with_its_reason(
    organization: Organization, sandboxed: Sandbox, event: Any, why: str
) -> None:
    fine = announced("invoice.updated", 5, an_invoice(organization))
    tell(organization, event, fine)
    process(organization)
    with tenant(organization.id):
        (aside,) = SetAside.objects.filter(resource="events")
        assert why in aside.reason
        assert not WebhookDelivery.objects.exclude(body=b"").exists()
        assert WebhookDelivery.objects.get(event_id=fine["id"]).fetched


def test_where_the_key_may_not_read_events_webhooks_fill_the_log(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=2)
    connected(organization, account.base_url, key_without("rak_event_read"))
    event = announced("invoice.updated", 1, an_invoice(organization))
    with tenant(organization.id):
        Connection.objects.update(data_through=NOW)
    tell(organization, event)
    process(organization)
    assert list(payloads(organization, models.Event)) == [event["id"]]
    assert "customer_email" not in str(payloads(organization, models.Event))
    (kept,) = deliveries(connection_of(organization))
    assert connection_of(organization).data_through == kept.received_at > NOW


def test_one_object_that_stripe_cannot_show_stops_no_other(
    organization: Organization, sandboxed: Sandbox
) -> None:
    first, second = list(payloads(organization, models.Invoice).values())[:2]
    broken = {
        f"/v1/invoices/{first['id']}": (200, b'{"id": "in_'),
        f"/v1/invoices/{second['id']}": (200, changed(second, total=5)),
    }
    with altered(sandboxed.company, broken) as (base_url, _asked):
        point(organization, base_url)
        tell(organization, *(announced("invoice.updated", n, one) for n, one in enumerate((first, second))))
        process(organization)
    assert payloads(organization, models.Invoice)[second["id"]]["total"] == 5
    assert [name for (name,) in rows(organization, SetAside, "stripe_id")] == [first["id"]]
    with clock.set_now(clock.now() + timedelta(minutes=11)), serving(sandboxed) as base_url:
        point(organization, base_url)
        poll(organization)
    assert rows(organization, SetAside, "stripe_id") == []


def test_the_customer_of_what_changed_is_computed_again(
    organization: Organization, sandboxed: Sandbox
) -> None:
    invoice = an_invoice(organization)
    with tenant(organization.id):
        models.DirtyCustomer.objects.all().delete()
    answer = {f"/v1/invoices/{invoice['id']}": (200, changed(invoice, total=99))}
    with altered(sandboxed.company, answer) as (base_url, _asked):
        point(organization, base_url)
        tell(organization, announced("invoice.updated", 1, invoice))
        process(organization)
    assert rows(organization, models.DirtyCustomer, "customer_id") == [(invoice["customer"],)]


def test_of_a_processing_that_fails_at_its_end_nothing_stays(
    organization: Organization, sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = next(iter(payloads(organization, models.Subscription).values()))
    connection = connection_of(organization)
    answer = {f"/v1/subscriptions/{found['id']}": (200, changed(found, cancel_at_period_end=True))}

    def standing() -> tuple[Any, ...]:
        return facts(organization), list(Job.objects.order_by("id").values_list("id", "state", "next_at"))

    with altered(sandboxed.company, answer) as (base_url, asked):
        point(organization, base_url)
        tell(organization, announced("customer.subscription.updated", 1, found))
        before = standing()
        with monkeypatch.context() as broken:
            broken.setattr(taking, "ERASE", "SELECT 1 / 0")
            with pytest.raises(DataError):
                step(organization.id, connection.id)
        assert standing() == before
        process(organization)
    assert len(asked) == 2
    assert payloads(organization, models.Subscription)[found["id"]]["cancel_at_period_end"] is True
    assert deliveries(connection)[0].body == b""


def test_what_was_processed_is_forgotten_after_a_week(organization: Organization, sandboxed: Sandbox) -> None:
    tell(organization, announced("invoice.updated", 1, an_invoice(organization)))
    process(organization)
    assert len(deliveries(connection_of(organization))) == 1
    with clock.set_now(clock.now() + timedelta(days=8)):
        process(organization)
    assert deliveries(connection_of(organization)) == []


def test_the_poll_finds_webhooks_whose_taker_died(organization: Organization, sandboxed: Sandbox) -> None:
    tell(organization, announced("invoice.updated", 1, an_invoice(organization)))
    Job.objects.filter(kind="process_webhooks").update(state=Job.State.DONE)
    poll(organization)
    assert Job.objects.get(kind="process_webhooks").state == Job.State.QUEUED
    process(organization)
    (kept,) = deliveries(connection_of(organization))
    assert kept.processed_at is not None


def test_webhooks_wait_while_a_connection_has_no_key(organization: Organization, sandboxed: Sandbox) -> None:
    with tenant(organization.id):
        Connection.objects.update(state=Connection.State.REVOKED)
    tell(organization, announced("invoice.updated", 1, an_invoice(organization)))
    process(organization)
    (kept,) = deliveries(connection_of(organization))
    assert kept.processed_at is None


def test_the_mirror_is_as_it_was_before(organization: Organization, sandboxed: Sandbox) -> None:
    before = facts(organization)
    tell(organization, announced("invoice.updated", 1, an_invoice(organization)))
    process(organization)
    assert facts(organization) == before
