"""The real SDK reads the sandbox as it reads Stripe."""

import json
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
import stripe

from billing_sync.sandbox.company import Company, generate, scenario
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import EXPIRED_KEY, FULL_KEY, LIVE_KEY, key_without
from billing_sync.sandbox.server import serve
from tests.billing_sync.sandbox.conftest import NOW, client_of


def test_auto_paging_reads_every_invoice_once_and_newest_first(
    client: stripe.StripeClient, company: Company
) -> None:
    found = list(client.v1.invoices.list({"limit": 100}).auto_paging_iter())
    assert len({invoice.id for invoice in found}) == len(found) == company.book.count("invoice")
    assert [i.created for i in found] == sorted((i.created for i in found), reverse=True)


def test_a_list_without_a_limit_shows_ten(client: stripe.StripeClient) -> None:
    page = client.v1.customers.list()
    assert (len(page.data), page.has_more) == (10, True)


def test_ending_before_reads_backwards(client: stripe.StripeClient) -> None:
    first = client.v1.charges.list({"limit": 5})
    second = client.v1.charges.list({"limit": 5, "starting_after": first.data[-1].id})
    back = client.v1.charges.list({"limit": 5, "ending_before": second.data[0].id})
    assert [c.id for c in back.data] == [c.id for c in first.data]
    assert back.has_more is False


def test_created_bounds_are_half_open_as_asked(client: stripe.StripeClient) -> None:
    middle = client.v1.invoices.list({"limit": 30}).data[-1].created
    newer = client.v1.invoices.list({"limit": 100, "created": {"gte": middle}})
    older = client.v1.invoices.list({"limit": 100, "created": {"lt": middle}})
    assert min(i.created for i in newer.data) == middle
    assert max(i.created for i in older.data) < middle


def test_canceled_subscriptions_show_only_when_asked_for(
    client: stripe.StripeClient, company: Company
) -> None:
    usual = list(client.v1.subscriptions.list({"limit": 100}).auto_paging_iter())
    every = list(client.v1.subscriptions.list({"limit": 100, "status": "all"}).auto_paging_iter())
    assert {s.status for s in usual} == {"active"}
    assert {s.status for s in every} == {"active", "canceled"}
    assert len(every) == company.book.count("subscription")


def test_a_filter_by_customer_shows_that_customer_alone(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.list({"limit": 1}).data[0].id
    found = client.v1.invoices.list({"customer": customer, "limit": 100})
    assert {invoice.customer for invoice in found.data} == {customer}


def test_expansion_replaces_ids_by_objects(client: stripe.StripeClient) -> None:
    found = client.v1.subscriptions.list(
        {"limit": 3, "expand": ["data.customer", "data.latest_invoice.lines", "data.default_payment_method"]}
    ).data[0]
    assert isinstance(found.customer, stripe.Customer)
    assert isinstance(found.latest_invoice, stripe.Invoice)
    assert isinstance(found.default_payment_method, stripe.PaymentMethod)


def test_tiers_arrive_only_when_asked_for(client: stripe.StripeClient) -> None:
    plain = client.v1.prices.list({"limit": 1}).data[0].to_dict()
    asked = client.v1.prices.list({"limit": 1, "expand": ["data.tiers", "data.currency_options"]}).data[0]
    assert "tiers" not in plain
    assert {"tiers", "currency_options"} <= asked.to_dict().keys()


def test_lines_and_items_can_be_paged(client: stripe.StripeClient) -> None:
    invoice = client.v1.invoices.list({"limit": 1}).data[0]
    lines = client.v1.invoices.line_items.list(invoice.id)
    subscription = client.v1.subscriptions.list({"limit": 1}).data[0]
    items = client.v1.subscription_items.list({"subscription": subscription.id})
    assert [line.id for line in lines.data] == [line.id for line in invoice.lines.data]
    assert items.data[0].subscription == subscription.id


def test_events_reach_back_thirty_days(client: stripe.StripeClient, company: Company) -> None:
    events = list(client.v1.events.list({"limit": 100}).auto_paging_iter())
    assert min(event.created for event in events) >= company.now - 30 * 86_400
    oldest = next(company.book.all("event"))
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(oldest.id)


def test_updates_tell_what_was_before(client: stripe.StripeClient) -> None:
    events = client.v1.events.list({"type": "customer.subscription.updated", "limit": 100})
    assert all(event.data.to_dict()["previous_attributes"] for event in events.data)


@pytest.mark.parametrize(
    ("resource", "params", "code"),
    [
        ("customers", {"starting_after": "cus_nobody"}, "resource_missing"),
        ("customers", {"limit": 101}, "parameter_invalid_integer"),
        ("customers", {"limit": 0}, "parameter_invalid_integer"),
        ("customers", {"updated": 5}, "parameter_unknown"),
        ("invoices", {"created": {"gte": "yesterday"}}, "parameter_invalid_integer"),
        ("invoices", {"customer": "cus_nobody"}, "resource_missing"),
        ("invoices", {"expand": ["data.nonsense"]}, "property_not_expandable"),
        ("subscriptions", {"expand": ["data.items.data.price.product"]}, "property_expansion_max_depth"),
    ],
)
def test_a_bad_parameter_is_refused(
    client: stripe.StripeClient, resource: str, params: dict[str, object], code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        getattr(client.v1, resource).list(params)
    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert str(refused.value.request_id).startswith("req_")


def test_what_does_not_exist_answers_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.retrieve("sub_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_unknown_key_is_refused(base_url: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided: rk_test_"):
        client_of(base_url, "rk_test_who_is_this_1234").v1.customers.list()


def test_an_expired_key_is_refused(base_url: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Expired API Key"):
        client_of(base_url, EXPIRED_KEY).v1.customers.list()


def test_a_publishable_key_is_refused(base_url: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="publishable"):
        client_of(base_url, "pk_test_1234567890").v1.customers.list()


def test_a_missing_permission_is_named(base_url: str) -> None:
    limited = client_of(base_url, key_without("rak_subscription_read"))
    with pytest.raises(stripe.PermissionError, match="'rak_subscription_read' permission would allow"):
        limited.v1.subscriptions.list()
    assert limited.v1.customers.list().data


def test_a_live_key_sees_live_objects(base_url: str) -> None:
    assert client_of(base_url, LIVE_KEY).v1.customers.list({"limit": 1}).data[0].livemode is True


def test_a_prefix_before_the_api_is_accepted(base_url: str, company: Company) -> None:
    account = client_of(base_url + "/any/prefix").v1.accounts.retrieve_current()
    assert account.id == company.account.id


def test_writing_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.v1.customers.create({"email": "a@example.com"})


def test_faults_strike_in_the_same_order_for_the_same_seed(company: Company) -> None:
    def answers() -> list[int]:
        with serve(company, faults=Faults(rate_limit=300, error=300, seed=4)) as address:
            return [status(address) for _ in range(30)]

    first = answers()
    assert {200, 429, 500} == set(first)
    assert answers() == first


def status(address: str) -> int:
    request = urllib.request.Request(
        f"{address}/v1/customers?limit=1", headers={"Authorization": f"Bearer {FULL_KEY}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_latency_delays_every_answer(company: Company) -> None:
    with serve(company, faults=Faults(latency=50)) as address:
        began = time.monotonic()
        status(address)
        assert time.monotonic() - began >= 0.05


def post_clock(address: str, body: bytes) -> dict[str, object]:
    with urllib.request.urlopen(urllib.request.Request(f"{address}/_sandbox/clock", body)) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_the_clock_can_be_moved_over_http() -> None:
    company = generate(3, 10, NOW)
    later = NOW + timedelta(days=60)
    with serve(company) as address:
        before = company.book.count("invoice")
        assert post_clock(address, json.dumps({"now": later.isoformat()}).encode())["now"] == company.now
        assert company.now == int(later.timestamp())
        assert company.book.count("invoice") > before


@pytest.mark.parametrize("body", [b"{}", b"nonsense", b'{"now": "noon"}', b'{"now": 5}'])
def test_a_bad_instant_for_the_clock_is_refused(base_url: str, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post_clock(base_url, body)
    with refused.value as answer:
        assert answer.code == 400
        assert "message" in json.load(answer)["error"]


def test_a_running_clock_keeps_pace_with_real_time() -> None:
    company = generate(3, 10, int(time.time()) - 5)
    with serve(company, running=True) as address:
        before = company.now
        time.sleep(1.1)
        status(address)
        assert before < company.now <= before + 10


def test_a_coupon_is_reached_through_its_discount() -> None:
    with serve(scenario("coupon_on_one_product", NOW, customers=1)) as address:
        client = client_of(address)
        name = client.v1.subscriptions.list({"limit": 1}).data[0].id
        path = "discounts.source.coupon.applies_to"
        discount = client.v1.subscriptions.retrieve(name, {"expand": [path]}).to_dict()["discounts"][0]
        assert discount["source"]["coupon"]["percent_off"] == 40
        assert len(discount["source"]["coupon"]["applies_to"]["products"]) == 1


def test_an_expanded_invoice_names_its_payments() -> None:
    with serve(scenario("partly_refunded", NOW, customers=1)) as address:
        client = client_of(address)
        invoice = client.v1.invoices.list({"limit": 1, "expand": ["data.payments"]}).data[0]
        assert invoice.payments is not None
        assert invoice.payments.data[0].payment.payment_intent
        refund = client.v1.refunds.list().data[0]
        charge = client.v1.charges.retrieve(
            str(refund.charge), {"expand": ["refunds", "balance_transaction"]}
        )
        assert [one["id"] for one in charge.to_dict()["refunds"]["data"]] == [refund.id]
