"""Events reach an endpoint repeated, shuffled, late, never or forged, the same for the same seed."""

import json
import time
from collections import Counter
from typing import Any

import pytest
import stripe

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.deliveries import Delivery, Handling, deliveries
from billing_sync.sandbox.webhooks import WebhookEndpoint
from tests.billing_sync.sandbox.conftest import client_of
from tests.billing_sync.sandbox.shapes import errors

SECRET = "whsec_of_the_tests"
PLAIN = WebhookEndpoint("https://example.com/hook", SECRET)


def since(company: Company) -> int:
    return company.now - 30 * 86_400


def sent(company: Company, endpoint: WebhookEndpoint = PLAIN, **how: Any) -> list[Delivery]:
    return list(deliveries(company, endpoint, since(company), Handling(**how)))


def accepted(one: Delivery) -> bool:
    client = client_of("http://127.0.0.1:9")
    try:
        client.construct_event(one.body, one.headers.get("Stripe-Signature"), SECRET)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_every_event_is_sent_once_and_in_order(company: Company) -> None:
    happened = [one.id for one in company.book.all("event") if one.created >= since(company)]
    assert [one.event for one in sent(company)] == happened
    assert all(accepted(one) for one in sent(company)[:20])


def test_an_endpoint_gets_only_what_it_wants(company: Company) -> None:
    picky = WebhookEndpoint("https://example.com", SECRET, enabled_events=("invoice.paid",))
    assert {json.loads(one.body)["type"] for one in sent(company, picky)} == {"invoice.paid"}


def test_events_are_repeated_dropped_and_shuffled(company: Company) -> None:
    plain = sent(company)
    found = sent(company, repeat=(1, 3), drop=0.1, shuffle=True)
    times = Counter(one.event for one in found)
    order = {event: number for number, event in enumerate(one.event for one in plain)}
    places = [order[one.event] for one in found]
    assert set(times.values()) == {1, 2, 3}
    assert 0.8 < len(times) / len(plain) < 0.98
    assert places != sorted(places)
    assert [one.event for one in found] == [
        one.event for one in sent(company, repeat=(1, 3), drop=0.1, shuffle=True)
    ]


def test_late_ones_come_last(company: Company) -> None:
    delays = [one.delay for one in sent(company, late=0.2, late_by=60)]
    assert delays == sorted(delays)
    assert set(delays) == {0, 60}


def test_forged_ones_come_besides_and_are_never_accepted(company: Company) -> None:
    found = sent(company, forged=0.5)
    forged = [one for one in found if one.way == "forged"]
    assert len(found) - len(forged) == len(sent(company))
    assert not any(accepted(one) for one in forged)
    assert {one.way for one in sent(company, drop=1, forged=1)} == {"forged"}


def test_wrong_times_are_well_signed(company: Company) -> None:
    found = sent(company, old=1, ahead=1)
    ages = {
        one.way: round((time.time() - int(one.headers["Stripe-Signature"][2:12])) / 3_600) for one in found
    }
    assert ages == {"honest": 0, "old": 1, "ahead": -1}
    assert not any(accepted(one) for one in found if one.way == "old")
    assert all(accepted(one) for one in found[:30] if one.way == "ahead")


def test_an_event_for_a_platform_names_the_account(company: Company) -> None:
    endpoint = WebhookEndpoint("https://example.com", SECRET, connect=True)
    event = json.loads(sent(company, endpoint)[0].body)
    assert event["account"] == company.account.id
    assert errors(event) == []


def test_a_thin_event_names_the_object_and_the_snapshot(company: Company) -> None:
    endpoint = WebhookEndpoint("https://example.com", SECRET, thin=True, enabled_events=("v1.invoice.paid",))
    one = sent(company, endpoint)[0]
    client = client_of("http://127.0.0.1:9")
    told = client.parse_event_notification(one.body, one.headers["Stripe-Signature"], SECRET)
    body = json.loads(one.body)
    invoice = body["related_object"]["id"]
    assert told.type == "v1.invoice.paid"
    assert body["related_object"] == {"id": invoice, "type": "invoice", "url": f"/v1/invoices/{invoice}"}
    assert body["snapshot_event"] == one.event != body["id"]
    assert company.book.get("invoice", invoice) is not None
    assert body["created"].endswith(".000Z")


def old_events(company: Company, name: str) -> list[dict[str, Any]]:
    endpoint = WebhookEndpoint(
        "https://example.com", SECRET, api_version="2024-06-20", enabled_events=(name,)
    )
    return [json.loads(one.body) for one in sent(company, endpoint)]


def test_an_old_version_shows_the_period_and_the_plan_on_the_subscription(company: Company) -> None:
    events = old_events(company, "customer.subscription.updated")
    shown = events[0]["data"]["object"]
    assert events[0]["api_version"] == "2024-06-20"
    assert shown["current_period_end"] > shown["current_period_start"]
    assert shown["plan"]["object"] == "plan"
    assert "current_period_end" not in shown["items"]["data"][0]
    assert any("current_period_end" in event["data"]["previous_attributes"] for event in events)


def test_an_old_version_names_the_subscription_on_the_invoice(company: Company) -> None:
    shown = old_events(company, "invoice.paid")[0]["data"]["object"]
    assert company.book.get("subscription", shown["subscription"]) is not None
    assert shown["paid"] is True
    assert "parent" not in shown
    assert {"price", "proration", "type"} <= shown["lines"]["data"][0].keys()


@pytest.mark.parametrize(
    ("how", "message"),
    [({"repeat": (2, 1)}, "repeat"), ({"drop": 1.5}, "drop=1.5"), ({"late": -1}, "late=-1")],
)
def test_a_handling_that_makes_no_sense_is_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Handling(**how)
