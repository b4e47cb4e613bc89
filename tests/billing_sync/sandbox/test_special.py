"""Special accounts hold what their names say."""

import pytest
import stripe

from billing_sync.sandbox.server import serve
from billing_sync.sandbox.special import (
    EMOJI_CUSTOMER,
    LONG,
    MANY,
    SPECIAL,
    deleted_customer,
    empty_account,
    long_invoice,
    no_paid_subscription,
    strange_ids,
    unknown_words,
)
from billing_sync.sandbox.truth import mrr_at, totals, truth
from tests.billing_sync.sandbox.conftest import NOW, client_of
from tests.billing_sync.sandbox.shapes import errors
from tests.billing_sync.sandbox.test_shapes import shown


@pytest.mark.parametrize("name", sorted(SPECIAL.keys() - {"unknown_words"}))
def test_objects_of_special_accounts_are_valid(name: str) -> None:
    company = SPECIAL[name](NOW)
    assert [wrong for one in shown(company) for wrong in errors(one)] == []


def test_an_empty_account_has_nothing() -> None:
    company = empty_account(NOW)
    assert company.book.kinds() == []
    assert truth(company)["customers"] == {}
    assert totals(company) == {}


def test_an_account_without_paid_subscriptions_is_worth_nothing() -> None:
    company = no_paid_subscription(NOW)
    assert company.book.count("subscription") == 2
    assert mrr_at(company, company.now) == {}


def test_a_deleted_customer_is_gone_but_named() -> None:
    company = deleted_customer(NOW)
    with serve(company) as address:
        client = client_of(address)
        listed = {customer.id for customer in client.v1.customers.list().data}
        named = {invoice.customer for invoice in client.v1.invoices.list().data}
        (gone,) = named - listed
        assert client.v1.customers.retrieve(str(gone)).to_dict() == {
            "id": gone,
            "object": "customer",
            "deleted": True,
        }
    assert (gone, "usd") in mrr_at(company, company.now - 60 * 86_400)
    assert (gone, "usd") not in mrr_at(company, company.now)


def test_strange_ids_can_be_fetched_and_used_as_cursors() -> None:
    with serve(strange_ids(NOW)) as address:
        client = client_of(address)
        assert client.v1.customers.retrieve(EMOJI_CUSTOMER).id == EMOJI_CUSTOMER
        paged = client.v1.subscriptions.list({"limit": 1}).auto_paging_iter()
        assert LONG in {len(subscription.id) for subscription in paged}
        assert client.v1.customers.list({"starting_after": EMOJI_CUSTOMER}).data


def test_unknown_words_reach_the_reader() -> None:
    company = unknown_words(NOW)
    with serve(company) as address:
        found = client_of(address).v1.subscriptions.list({"status": "all"}).data
    assert {subscription.status for subscription in found} == {"active", "hibernating"}
    assert len(mrr_at(company, company.now)) == 1


def test_a_long_invoice_shows_ten_lines_and_pages_the_rest() -> None:
    with serve(long_invoice(NOW)) as address:
        client = client_of(address)
        invoice = max(client.v1.invoices.list().data, key=lambda one: one.subtotal)
        assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
        lines = client.v1.invoices.line_items.list(invoice.id, {"limit": 100}).auto_paging_iter()
        assert len({line.id for line in lines}) == MANY + 1


def test_the_sdk_reads_what_it_does_not_know() -> None:
    with serve(unknown_words(NOW)) as address:
        customer = client_of(address).v1.customers.list().data[0]
        assert isinstance(customer, stripe.Customer)
        assert customer.to_dict()["aura"] == {"colour": "mauve"}
