from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from accounts import jobs
from accounts.models import Job, Organization
from accounts.tenancy import tenant
from billing_sync import models
from billing_sync.events import targets_of
from billing_sync.models import DirtyCustomer, Event, SyncCursor
from billing_sync.sandbox.company import Company, generate
from tests.billing_sync.accounts import NOW, altered, connected, connection_of, facts, payloads, rows

Serve = Callable[..., Any]
LATER = NOW + timedelta(days=12)
NEWEST = 1_795_000_000


def poll(organization: Organization) -> None:
    """Let the events be read and followed once, now."""
    connection = connection_of(organization)
    jobs.enqueue(organization.id, "poll_events", str(connection.id))
    wanted = jobs.job_id(organization.id, "poll_events", str(connection.id))
    while jobs.run(wanted) and Job.objects.get(id=wanted).next_at <= Job.objects.get(id=wanted).updated_at:
        pass


def announced(type_: str, number: int, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"evt_told_{number}",
        "object": "event",
        "type": type_,
        "created": NEWEST + number,
        "data": {"object": value},
    }


@contextmanager
def telling(
    organization: Organization, company: Company, *told: dict[str, Any], **answers: Any
) -> Iterator[None]:
    """Serve the company with these events, and point the connection there."""
    page = {"object": "list", "data": [*reversed(told)], "has_more": False}
    given = {"/v1/events": (200, msgspec.json.encode(page)), **answers}
    with altered(company, given) as (base_url, _asked):
        with tenant(organization.id):
            models.Connection.objects.update(api_base=base_url)
        yield


def test_following_events_ends_where_a_fresh_import_does(
    organization: Organization, other_organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=40)
    connected(organization, account.base_url)
    before = facts(organization)
    account.company.advance(int(LATER.timestamp()))
    poll(organization)
    connected(other_organization, account.base_url)
    log = {"billing_sync_event"}
    followed, fresh = facts(organization, without=log), facts(other_organization, without=log)
    assert followed == fresh
    assert followed != before
    assert payloads(organization, Event).keys() > payloads(other_organization, Event).keys()


def test_events_followed_twice_change_nothing(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=20)
    connected(organization, account.base_url)
    account.company.advance(int(LATER.timestamp()))
    poll(organization)
    once = facts(organization)
    poll(organization)
    with tenant(organization.id):
        Event.objects.update(applied_at=None)
    poll(organization)
    assert facts(organization) == once


def test_a_changed_object_marks_its_customer(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=20)
    connected(organization, account.base_url)
    with tenant(organization.id):
        DirtyCustomer.objects.all().delete()
    account.company.advance(int(LATER.timestamp()))
    changed = {
        invoice.customer
        for invoice in account.company.book.all("invoice")
        if invoice.created > NOW.timestamp()
    }
    poll(organization)
    marked = {customer for (customer,) in rows(organization, DirtyCustomer, "customer_id")}
    assert changed
    assert marked >= changed


def test_a_deleted_object_becomes_a_tombstone(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=3)
    connected(organization, account.base_url)
    customer = next(iter(payloads(organization, models.Customer)))
    gone = {"id": customer, "object": "customer", "deleted": True}
    told = announced("customer.deleted", 1, {"id": customer, "object": "customer"})
    answer = {f"/v1/customers/{customer}": (200, msgspec.json.encode(gone))}
    before = payloads(organization, models.Customer)[customer]
    with telling(organization, account.company, told, **answer):
        poll(organization)
    with tenant(organization.id):
        row = models.Customer.objects.get(stripe_id=customer)
    assert row.deleted_at is not None
    assert payloads(organization, models.Customer)[customer] == before


def test_an_object_deleted_before_it_was_seen_is_kept_as_its_event_told_it(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=2)
    connected(organization, account.base_url)
    draft = {"id": "in_draft", "object": "invoice", "customer": "cus_x", "status": "draft", "total": 100}
    with telling(organization, account.company, announced("invoice.deleted", 1, draft)):
        poll(organization)
    with tenant(organization.id):
        row = models.Invoice.objects.get(stripe_id="in_draft")
    assert (row.deleted_at is not None, row.customer_id, row.total_minor) == (True, "cus_x", 100)


def test_an_event_of_the_past_is_kept_and_not_followed(organization: Organization, sandbox: Serve) -> None:
    connected(organization, sandbox(size=20).base_url)
    with tenant(organization.id):
        since_at = SyncCursor.objects.get(resource="event_poll").since_at
        assert Event.objects.filter(created_at__lt=since_at).exists()
        assert not Event.objects.filter(applied_at=None).exists()


def test_an_event_of_an_unknown_kind_is_kept(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=1)
    connected(organization, account.base_url)
    strange = announced("moon.risen", 1, {"id": "moon_1", "object": "moon", "phase": {"full": True}})
    nothing = {"id": "evt_bare", "object": "event", "type": "bare", "created": NEWEST, "data": None}
    with telling(organization, account.company, nothing, strange):
        poll(organization)
    assert payloads(organization, Event).keys() >= {"evt_told_1", "evt_bare"}


def test_the_data_reaches_as_far_as_the_events_were_read(organization: Organization, sandbox: Serve) -> None:
    connected(organization, sandbox(size=2).base_url)
    before = connection_of(organization).data_through
    poll(organization)
    after = connection_of(organization).data_through
    assert before is not None
    assert after is not None
    assert after > before


def test_after_a_long_silence_the_lists_are_read_again(organization: Organization, sandbox: Serve) -> None:
    connected(organization, sandbox(size=2).base_url)
    connection = connection_of(organization)
    with tenant(organization.id):
        models.Connection.objects.update(data_through=NOW - timedelta(days=40))
    poll(organization)
    again = Job.objects.filter(kind="backfill", key=f"{connection.id}:0")
    assert again.exclude(state=Job.State.DONE).exists()


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"object": "invoice", "id": "in_1"}, [("invoices", "in_1")]),
        ({"object": "plan", "id": "price_1"}, [("prices", "price_1")]),
        (
            {"object": "discount", "id": "di_1", "subscription": "sub_1", "customer": "cus_1"},
            [("subscriptions", "sub_1"), ("customers", "cus_1")],
        ),
        (
            {"object": "charge", "id": "ch_1", "balance_transaction": "txn_1"},
            [("charges", "ch_1"), ("balance_transactions", "txn_1")],
        ),
        ({"object": "card", "id": "card_1", "customer": "cus_1"}, [("customers", "cus_1")]),
        ({"object": "invoice", "id": "../account"}, []),
        ({"object": "invoice", "id": "in_\x00"}, []),
        ({"object": "payout", "id": "po_1"}, []),
    ],
)
def test_an_event_names_what_is_to_be_fetched(value: dict[str, Any], named: list[tuple[str, str]]) -> None:
    found = targets_of({"data": {"object": value}})
    assert [(resource.name, identity) for resource, identity in found] == named


def test_a_company_moved_on_in_steps_has_the_same_mirror(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=15, now=NOW)
    connected(organization, account.base_url)
    for days in (3, 6, 12):
        account.company.advance(int((NOW + timedelta(days=days)).timestamp()))
        poll(organization)
    whole = generate(seed=7, size=15, now=LATER, founded=account.company.founded)
    assert len(payloads(organization, models.Invoice)) == whole.book.count("invoice")
    assert len(payloads(organization, models.Subscription)) == whole.book.count("subscription")
