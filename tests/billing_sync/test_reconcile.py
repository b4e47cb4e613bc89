"""Comparisons by night and by week: what they mend, what they leave alone, and why it had differed."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import models
from billing_sync.models import SetAside, SyncRun
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.spoiling import mark
from tests.billing_sync.accounts import NOW, connected, connection_of, payloads, rows
from tests.billing_sync.comparing import Tampered, compared, last_run, living, served
from tests.billing_sync.test_events import poll

OLD = NOW - timedelta(days=60)
CHANGED, GONE = "changed", "vanished"


@pytest.fixture
def account(organization: Organization) -> Iterator[Tampered]:
    """Give an imported account that can be changed silently."""
    with served(generate(seed=7, size=6, now=NOW)) as account:
        connected(organization, account.base_url)
        yield account


def old(organization: Organization, model: type[models.Mirrored], **which: object) -> str:
    """Return an object made before the nights' reach."""
    with tenant(organization.id):
        found = model._default_manager.filter(organization_id=organization.id, created_at__lt=OLD, **which)
        return str(found.order_by("stripe_id").values_list("stripe_id", flat=True)[0])


@pytest.mark.parametrize("purpose", ["nightly", "weekly"])
def test_an_unchanged_account_needs_no_repair(
    organization: Organization, account: Tampered, purpose: str
) -> None:
    before = living(organization)
    assert compared(organization, purpose) == []
    assert living(organization) == before
    run = last_run(organization)
    assert (run["kind"], run["state"], run["repaired"], run["unexplained"]) == (purpose, "done", 0, 0)
    assert run["requests"] > 10


def test_a_week_compares_every_object(organization: Organization, account: Tampered) -> None:
    compared(organization, "weekly")
    assert last_run(organization)["objects_read"] >= len(living(organization))


def test_a_night_mends_an_old_subscription_that_still_runs(
    organization: Organization, account: Tampered
) -> None:
    running = old(organization, models.Subscription, status="active")
    account.alter("subscription", running, collection_method="send_invoice")
    assert compared(organization, "nightly") == [("subscriptions", running, CHANGED, "no_event")]
    assert payloads(organization, models.Subscription)[running]["collection_method"] == "send_invoice"


def test_a_night_finds_a_subscription_that_ended_unheard(
    organization: Organization, account: Tampered
) -> None:
    running = old(organization, models.Subscription, status="active")
    book = account.sandbox.company.book
    known = next(one for one in book.all("subscription") if one.id == running)
    book.put("subscription", msgspec.structs.replace(known, status="canceled"))
    assert ("subscriptions", running, CHANGED, "no_event") in compared(organization, "nightly")
    assert (running, "canceled") in rows(organization, models.Subscription, "stripe_id", "status")


def test_what_ended_long_ago_is_left_to_the_week(organization: Organization, account: Tampered) -> None:
    ended = old(organization, models.Subscription, status="canceled")
    account.alter("subscription", ended, description="Changed")
    account.alter("subscription", ended, cancellation_details={"reason": "payment_failed"})
    assert compared(organization, "nightly") == []
    assert compared(organization, "weekly") == [("subscriptions", ended, CHANGED, "no_event")]


def test_personal_data_changed_unheard_is_mended(organization: Organization, account: Tampered) -> None:
    customer = old(organization, models.Customer)
    account.alter("customer", customer, email="new@example.com")
    assert compared(organization, "weekly") == [("customers", customer, CHANGED, "no_event")]
    assert (customer, "new@example.com") in rows(organization, models.Payer, "customer_id", "email")


def test_an_object_deleted_unheard_becomes_a_tombstone(organization: Organization, account: Tampered) -> None:
    price, invoice = old(organization, models.Price), old(organization, models.Invoice)
    account.delete("price", price)
    account.delete("invoice", invoice)
    mended = [("invoices", invoice, GONE, "deleted_unannounced")]
    assert compared(organization) == [*mended, ("prices", price, GONE, "deleted_unannounced")]
    kept = rows(organization, models.Price, "stripe_id", "deleted_at")
    assert dict(kept)[price] is not None
    assert compared(organization) == []


def test_a_missing_object_is_fetched(organization: Organization, account: Tampered) -> None:
    charge = old(organization, models.Charge)
    with tenant(organization.id):
        models.Charge.objects.filter(stripe_id=charge).delete()
    assert compared(organization) == [("charges", charge, "missing", "no_event")]
    assert charge in payloads(organization, models.Charge)


def test_a_change_whose_event_is_on_its_way_is_no_repair(
    organization: Organization, account: Tampered
) -> None:
    running = old(organization, models.Subscription, status="active")
    account.alter("subscription", running, event=True, collection_method="send_invoice")
    assert compared(organization, "nightly") == []
    assert payloads(organization, models.Subscription)[running]["collection_method"] == "send_invoice"


def test_what_we_had_been_told_is_unexplained(organization: Organization, account: Tampered) -> None:
    running = old(organization, models.Subscription, status="active")
    with tenant(organization.id):
        before = models.Subscription.objects.get(stripe_id=running).payload
    account.alter("subscription", running, event=True, collection_method="send_invoice")
    poll(organization)
    with tenant(organization.id):
        models.Subscription.objects.filter(stripe_id=running).update(payload=before)
    assert compared(organization) == [("subscriptions", running, CHANGED, "unexplained")]
    assert last_run(organization)["unexplained"] == 1


def test_the_end_of_a_subscription_does_not_explain_that_it_is_gone(
    organization: Organization, account: Tampered
) -> None:
    ends = rows(organization, models.Event, "object_id", "type")
    ended = next(identity for identity, kind in ends if kind == "customer.subscription.deleted")
    account.delete("subscription", ended)
    assert ("subscriptions", ended, GONE, "deleted_unannounced") in compared(organization)


def announced(account: Tampered, subscription: str) -> str:
    """Alter a subscription, and return the event that tells it."""
    before = {event.id for event in account.sandbox.company.book.all("event")}
    account.alter("subscription", subscription, event=True, collection_method="send_invoice")
    (told,) = {event.id for event in account.sandbox.company.book.all("event")} - before
    return str(told)


def test_an_event_that_came_late_is_the_cause(organization: Organization, account: Tampered) -> None:
    running, other = (identity for _, identity in sorted(living(organization))[-2:])
    first = announced(account, running)
    account.sandbox.advance(int((NOW + timedelta(minutes=10)).timestamp()))
    second = announced(account, other)
    seeds = (Faults(event_late=500, event_late_seconds=86_400, seed=seed) for seed in range(99))
    hiding = next(one for one in seeds if mark(one, "late", first) < 500 <= mark(one, "late", second))
    account.sandbox.misbehave(hiding)
    poll(organization)
    account.sandbox.misbehave(Faults())
    assert compared(organization, "nightly") == [
        ("events", first, "missing", "event_late"),
        ("subscriptions", running, CHANGED, "event_late"),
    ]


def test_an_object_set_aside_is_tried_again_every_night(organization: Organization) -> None:
    company = generate(seed=7, size=4, now=NOW)
    odd = next(company.book.all("subscription"))
    with served(company) as account:
        account.alter("subscription", odd.id, start_date="soon")
        connected(organization, account.base_url)
        assert rows(organization, SetAside, "stripe_id") == [(odd.id,)]
        assert compared(organization, "nightly") == []
        account.alter("subscription", odd.id, start_date=odd.created)
        assert compared(organization, "nightly") == [("subscriptions", odd.id, "missing", "was_set_aside")]
        assert rows(organization, SetAside, "stripe_id") == []


def test_an_object_set_aside_and_deleted_since_is_forgotten(organization: Organization) -> None:
    company = generate(seed=7, size=4, now=NOW)
    odd = next(company.book.all("subscription"))
    with served(company) as account:
        account.alter("subscription", odd.id, start_date="soon")
        connected(organization, account.base_url)
        account.delete("subscription", odd.id)
        compared(organization, "nightly")
        assert rows(organization, SetAside, "stripe_id") == []


def test_unreadable_text_that_is_not_met_again_is_forgotten(organization: Organization) -> None:
    faults = Faults(malformed=3, malformed_as="no_id", malformed_in="products")
    with served(generate(seed=7, size=4, now=NOW), faults) as account:
        connected(organization, account.base_url)
        assert rows(organization, SetAside, "stripe_id")
        account.sandbox.misbehave(Faults())
        mended = compared(organization, "weekly")
        assert {resource for resource, *_ in mended} == {"products"}
        assert rows(organization, SetAside, "stripe_id") == []


def test_another_version_of_the_api_is_no_repair(organization: Organization, account: Tampered) -> None:
    with tenant(organization.id):
        models.Invoice.objects.filter(organization_id=organization.id).update(api_version="2024-06-20")
    assert compared(organization) == []
    assert len(set(rows(organization, models.Invoice, "api_version"))) == 1
    assert ("2024-06-20",) not in rows(organization, models.Invoice, "api_version")


def test_a_connection_that_is_not_live_is_not_compared(organization: Organization, account: Tampered) -> None:
    connection = connection_of(organization)
    with tenant(organization.id):
        models.Connection.objects.filter(id=connection.id).update(state="disconnected")
        assert not SyncRun.objects.filter(organization_id=organization.id, kind="nightly").exists()
