"""Every object that the sandbox shows is one that the installed SDK knows."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.deliveries import deliveries
from billing_sync.sandbox.objects import build
from billing_sync.sandbox.objects.accounts import account
from billing_sync.sandbox.webhooks import WebhookEndpoint, webhook_endpoint
from tests.billing_sync.sandbox.shapes import errors


def shown(company: Company) -> Iterator[dict[str, Any]]:
    yield account(company.account)
    endpoint = WebhookEndpoint("https://example.com/hook", "whsec_of_the_tests", connect=True)
    yield webhook_endpoint(endpoint)
    yield webhook_endpoint(endpoint, with_secret=True)
    for one in deliveries(company, endpoint, company.now - 86_400):
        yield json.loads(one.body)
    for kind in company.book.kinds():
        for _, record in company.book.newest_first(kind, 0, company.now):
            yield build(kind, record, live=False)


def test_every_object_of_the_company_is_valid(company: Company) -> None:
    assert [wrong for one in shown(company) for wrong in errors(one)] == []


def test_every_object_inside_an_event_is_valid(company: Company) -> None:
    inside = [build("event", event, live=False)["data"]["object"] for event in company.book.all("event")]
    assert [wrong for one in inside for wrong in errors(one)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["customer"], 5),
        (["status"], "hibernating"),
        (["items", "data", 0, "quantity"], 1.5),
        (["items", "data", 0, "price", "unit_amount_decimal"], "twelve"),
        (["cancellation_details", "reason"], "boredom"),
        (["not_a_stripe_field"], None),
        (["items", "data", 0, "price", "recurring", "tempo"], 1),
    ],
)
def test_a_wrong_value_is_noticed(company: Company, path: list[Any], value: object) -> None:
    subscription = copy.deepcopy(build("subscription", next(company.book.all("subscription")), live=False))
    inside = subscription
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    assert len(errors(subscription)) == 1


def test_a_missing_key_is_noticed(company: Company) -> None:
    invoice = copy.deepcopy(build("invoice", next(company.book.all("invoice")), live=False))
    del invoice["lines"]["data"][0]["period"]["start"]
    assert errors(invoice) == ["invoice.lines.data[0].period.start: missing"]
