from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import backfill, models
from billing_sync.models import Connection, DirtyCustomer, Invoice, ListRange, SetAside, SyncCursor, SyncRun
from billing_sync.progress import progress
from billing_sync.resources import RESOURCES
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.special import (
    EMOJI_CUSTOMER,
    LONG,
    MANY,
    deleted_customer,
    empty_account,
    long_invoice,
    no_paid_subscription,
    strange_ids,
    unknown_words,
)
from billing_sync.syncing import sync
from tests.billing_sync.accounts import NOW, altered, connected, connection_of, facts, payloads, rows

Serve = Callable[..., Any]
NOT_FOUND = (404, b'{"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}}')
LIST: dict[str, Any] = {"object": "list", "has_more": False, "url": "/v1/x"}


def import_company(organization: Organization, company: Company, **answers: tuple[int, bytes]) -> list[str]:
    """Connect and read a company whose server answers some lists in its own way; return what was asked."""
    with altered(company, {f"/v1/{name}": answer for name, answer in answers.items()}) as (base_url, asked):
        connected(organization, base_url)
    return asked


def listed(*objects: Any) -> tuple[int, bytes]:
    return 200, msgspec.json.encode({**LIST, "data": objects})


def aside(organization: Organization) -> dict[str, str]:
    return dict(rows(organization, SetAside, "stripe_id", "reason"))


def test_every_object_of_the_account_is_mirrored(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=12)
    connected(organization, account.base_url)
    kinds = {resource.kind: resource.model for resource in RESOURCES if resource.kind != "event"}
    for kind, model in kinds.items():
        there = account.company.book.count(kind)
        assert len(payloads(organization, model)) == there, kind
    assert connection_of(organization).state == Connection.State.LIVE


def test_a_second_sync_changes_nothing_and_is_no_first_import(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=8)
    connected(organization, account.base_url)
    before = facts(organization)
    sync(organization.id)
    assert facts(organization) == before
    (first,), (again,) = (
        [row for row in rows(organization, SyncRun, "kind", "state", "objects_read") if row[0] == kind]
        for kind in (SyncRun.Kind.IMPORT, SyncRun.Kind.REREADING)
    )
    assert (first[1], again[1]) == ("done", "done")
    assert first[2] == again[2] > 0


def test_cancelled_subscriptions_are_read_too(organization: Organization, sandbox: Serve) -> None:
    connected(organization, sandbox(size=12).base_url)
    assert ("canceled",) in rows(organization, models.Subscription, "status")


def test_everyone_is_to_be_computed_once_the_import_is_over(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=4)
    # Whether metrics has drained the marks by now or not, they were made with the end of the import.
    connected(organization, account.base_url)
    connection = connection_of(organization)
    with tenant(organization.id):
        DirtyCustomer.objects.all().delete()
        connection.imported_at = None
        connection.save()
        SyncCursor.objects.filter(resource="events").update(state=SyncCursor.State.WAITING)
        backfill.ask(connection)
    jobs.run(jobs.job_id(organization.id, backfill.KIND, backfill.key_of(connection, 0)))
    marked = {customer for (customer,) in rows(organization, DirtyCustomer, "customer_id")}
    assert marked == {one.id for one in account.company.book.all("customer")}


def test_an_empty_account_is_live_and_empty(organization: Organization) -> None:
    import_company(organization, empty_account(NOW))
    assert connection_of(organization).state == Connection.State.LIVE
    assert payloads(organization, models.Customer) == {}


def test_an_account_without_paid_subscriptions_is_read(organization: Organization) -> None:
    import_company(organization, no_paid_subscription(NOW))
    assert len(payloads(organization, models.Customer)) == 3


def test_a_deleted_customer_that_invoices_name_is_computed_too(organization: Organization) -> None:
    company = deleted_customer(NOW)
    import_company(organization, company)
    named = {customer for (customer,) in rows(organization, models.Invoice, "customer_id")}
    missing = named - payloads(organization, models.Customer).keys()
    assert len(missing) == 1


def test_ids_of_255_characters_and_of_emoji_are_kept(organization: Organization) -> None:
    import_company(organization, strange_ids(NOW))
    assert EMOJI_CUSTOMER in payloads(organization, models.Customer)
    assert LONG in {len(identity) for identity in payloads(organization, models.Subscription)}


def test_unknown_fields_statuses_and_enums_are_kept(organization: Organization) -> None:
    import_company(organization, unknown_words(NOW))
    statuses = {status for (status,) in rows(organization, models.Subscription, "status")}
    assert statuses == {"active", "hibernating"}
    assert {"colour": "mauve"} in [
        one.get("aura") for one in payloads(organization, models.Customer).values()
    ]
    assert ("lunar_eclipse",) in rows(organization, models.Invoice, "billing_reason")
    assert aside(organization) == {}


def test_lists_inside_objects_are_read_beyond_ten(organization: Organization) -> None:
    import_company(organization, long_invoice(NOW))
    invoices = payloads(organization, models.Invoice).values()
    longest = max(invoices, key=lambda invoice: len(invoice["lines"]["data"]))
    assert len({line["id"] for line in longest["lines"]["data"]}) == MANY + 1
    assert longest["lines"]["has_more"] is False


@pytest.mark.parametrize("name", ["disputes", "tax_rates", "subscription_schedules", "events"])
def test_a_list_that_stripe_does_not_offer_is_left_out_visibly(
    organization: Organization, sandbox: Serve, name: str
) -> None:
    import_company(organization, sandbox(size=2).company, **{name: NOT_FOUND})
    with tenant(organization.id):
        (shown,) = progress(organization.id)
    left_out = {one.name: one.error for one in shown.resources if one.state == SyncCursor.State.UNAVAILABLE}
    assert left_out.keys() == {name}
    assert f"nothing at /v1/{name}" in left_out[name]
    assert shown.state == Connection.State.LIVE


def test_objects_that_cannot_be_used_are_set_aside_with_reasons(
    organization: Organization, sandbox: Serve
) -> None:
    good = {"id": "dp_good", "object": "dispute", "created": 1_790_000_000, "status": "won"}
    bad = [
        {"object": "dispute"},
        {**good, "id": 7},
        {**good, "id": "x" * 256},
        {**good, "id": "dp_status", "status": ["lost"]},
        {**good, "id": "dp_time", "created": "yesterday"},
        {**good, "id": "dp_late", "created": 10**30},
        {**good, "id": "dp_mode", "livemode": True},
        None,
        "dispute",
        [],
    ]
    import_company(organization, sandbox(size=1).company, disputes=listed(*bad, good))
    assert payloads(organization, models.Dispute).keys() == {"dp_good"}
    reasons = aside(organization)
    assert len(reasons) == len(bad)
    assert reasons["dp_status"] == "status is not text."
    assert reasons["dp_time"] == reasons["dp_late"] == "created is not a time."
    assert reasons["dp_mode"] == "It belongs to the other mode of the account."
    assert "It has no id." in reasons.values()


def test_an_object_with_a_broken_escape_spoils_no_other(organization: Organization, sandbox: Serve) -> None:
    body = rb'{"data": [{"id": "dp_a\ud800"}, {"id": "dp_b", "note": "\u0000"}, {"id": "dp_c", "n": 1e999}]}'
    import_company(organization, sandbox(size=1).company, disputes=(200, body))
    assert payloads(organization, models.Dispute).keys() == {"dp_b"}
    assert len(aside(organization)) == 2


def test_what_was_set_aside_is_tried_again_by_the_next_sync(
    organization: Organization, sandbox: Serve
) -> None:
    broken = {"id": "dp_1", "object": "dispute", "status": 5}
    company = sandbox(size=1).company
    answers = {"/v1/disputes": listed(broken)}
    with altered(company, answers) as (base_url, _asked):
        connected(organization, base_url)
        assert aside(organization).keys() == {"dp_1"}
        answers["/v1/disputes"] = listed({**broken, "status": "won"})
        sync(organization.id)
    assert aside(organization) == {}
    assert payloads(organization, models.Dispute).keys() == {"dp_1"}


def test_refused_and_failing_requests_are_tried_until_they_work(
    organization: Organization, sandbox: Serve
) -> None:
    calm, rough = sandbox(size=6), sandbox(size=6, faults=Faults(rate_limit=150, error=100, seed=3))
    connected(organization, rough.base_url)
    there = {one.id for one in calm.company.book.all("invoice")}
    assert payloads(organization, models.Invoice).keys() == there


def test_a_list_whose_place_was_lost_goes_on_from_what_was_read(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=4)
    connected(organization, account.base_url)
    before = facts(organization)
    with tenant(organization.id):
        middle = Invoice.objects.order_by("created_at")[10].created_at
        SyncCursor.objects.filter(resource="invoices").update(state=SyncCursor.State.READING)
        ListRange.objects.filter(resource="invoices").update(
            state=SyncCursor.State.READING, starting_after="in_gone", oldest_at=middle
        )
        Invoice.objects.filter(created_at__lte=middle).delete()
    sync(organization.id)
    assert facts(organization) == before


def test_the_event_cursor_is_opened_before_the_lists_are_read(
    organization: Organization, sandbox: Serve
) -> None:
    asked = import_company(organization, sandbox(size=12).company)
    opened = asked.index("/v1/events?limit=1")
    first_read = next(n for n, one in enumerate(asked) if "limit=100" in one)
    replayed = max(n for n, one in enumerate(asked) if one.startswith("/v1/events?limit=100&created"))
    last_read = max(n for n, one in enumerate(asked) if one.startswith("/v1/invoices?"))
    assert opened < first_read < last_read < replayed
