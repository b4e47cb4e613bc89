"""No object stops a sync, nor a permission that is withdrawn, nor an account whose API is in a storm."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from accounts import jobs
from accounts.models import Job, Organization
from accounts.tasks import run_job
from accounts.tenancy import tenant
from billing_sync import backfill, stripe_client, tending
from billing_sync.connecting import connect
from billing_sync.models import Connection, Customer, Invoice, ListRange, SetAside, SyncCursor
from billing_sync.progress import progress
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import serving
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import TooLargeError
from billing_sync.syncing import sync
from tests.billing_sync.accounts import NOW, altered, connected, connection_of, facts, payloads, rows
from tests.billing_sync.sandbox.asking import control
from tests.billing_sync.test_backfill import listed

Serve = Callable[..., Any]


def account(size: int = 12) -> Sandbox:
    return Sandbox(generate(seed=7, size=size, now=NOW))


@pytest.mark.parametrize(
    "faults",
    [Faults(malformed=15, seed=2), Faults(gigantic=90, gigantic_mb=11, seed=2)],
    ids=["malformed", "gigantic"],
)
def test_what_cannot_be_used_is_set_aside_until_it_can(
    organization: Organization, other_organization: Organization, faults: Faults
) -> None:
    sandbox = account(6)
    sandbox.misbehave(faults)
    with serving(sandbox) as base_url:
        connected(organization, base_url)
        with tenant(organization.id):
            (shown,) = progress(organization.id)
        assert shown.state == Connection.State.LIVE
        assert shown.set_aside > 0
        sandbox.misbehave(Faults())
        sync(organization.id)
        connected(other_organization, base_url)
    # An event that had no id cannot be known again, and is kept: its list ends after thirty days.
    kept = {resource for resource, _ in rows(organization, SetAside, "resource", "stripe_id")}
    assert kept <= {"events"}
    besides = {SetAside._meta.db_table}
    assert facts(organization, without=besides) == facts(other_organization, without=besides)


def test_a_page_too_large_to_take_in_is_read_in_smaller_ones(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = account(4)
    with serving(sandbox) as base_url:
        monkeypatch.setattr(stripe_client, "LARGEST_ANSWER", 3_000)
        monkeypatch.setattr(stripe_client, "TRIES", 1)
        with pytest.raises(TooLargeError):
            Stripe(FULL_KEY, base_url).list_page("/v1/invoices")
        connected(organization, base_url)
    aside = [
        one
        for resource, one in rows(organization, SetAside, "resource", "stripe_id")
        if resource == "invoices"
    ]
    read = payloads(organization, Invoice).keys()
    assert aside
    assert read | set(aside) == {one.id for one in sandbox.company.book.all("invoice")}
    assert len(payloads(organization, Customer)) == sandbox.company.book.count("customer")


def test_a_permission_withdrawn_on_the_way_leaves_one_list_out(organization: Organization) -> None:
    sandbox = account()
    with serving(sandbox) as base_url:
        connect(organization.id, api_key=FULL_KEY, api_base=base_url)
        jobs.run(jobs.job_id(organization.id, "check_connection", str(connection_of(organization).id)))
        control(base_url, "keys", {"key": FULL_KEY, "without": ["rak_dispute_read"]})
        sync(organization.id)
    with tenant(organization.id):
        (shown,) = progress(organization.id)
    (left_out,) = (one for one in shown.resources if one.state == SyncCursor.State.UNAVAILABLE)
    assert left_out.name == "disputes"
    assert "rak_dispute_read" in left_out.error
    assert shown.state == Connection.State.LIVE


def test_a_list_out_of_order_is_read_whole_all_the_same(organization: Organization, sandbox: Serve) -> None:
    disputes = [
        {"id": f"dp_{at}", "object": "dispute", "created": 1_790_000_000 + at, "status": "won"}
        for at in (5, 9, 2)
    ]
    with altered(sandbox(size=1).company, {"/v1/disputes": listed(*disputes)}) as (base_url, asked):
        connected(organization, base_url)
    with tenant(organization.id):
        (only,) = ListRange.objects.filter(resource="disputes")
    assert (only.whole, only.objects_done) == (True, 3)
    assert sum(one.startswith("/v1/disputes?limit=100") for one in asked) == 2


def test_an_account_in_a_storm_leaves_the_workers_to_another(
    organization: Organization, other_organization: Organization, settings: Settings
) -> None:
    settings.JOB_BACKOFF_SECONDS = 0
    stormy, calm = account(4), account(4)
    with serving(stormy) as first, serving(calm) as second:
        connect(organization.id, api_key=FULL_KEY, api_base=first)
        jobs.run(jobs.job_id(organization.id, "check_connection", str(connection_of(organization).id)))
        stormy.misbehave(Faults(rate_limit=1000, retry_after=30))
        connect(other_organization.id, api_key=FULL_KEY, api_base=second)
        began, turns = time.monotonic(), 0
        while connection_of(other_organization).state != Connection.State.LIVE:
            run_job("whichever")
            turns += 1
        assert turns < 12
        assert time.monotonic() - began < 60
        assert connection_of(organization).state == Connection.State.IMPORTING
        assert jobs.set_aside(organization.id) == []
        waiting = Job.objects.filter(organization=organization, kind=backfill.KIND)
        assert set(waiting.values_list("state", flat=True)) == {Job.State.QUEUED}


def test_an_import_whose_jobs_are_lost_is_found_and_goes_on(organization: Organization) -> None:
    with serving(account(2)) as base_url:
        connect(organization.id, api_key=FULL_KEY, api_base=base_url)
        jobs.run(jobs.job_id(organization.id, "check_connection", str(connection_of(organization).id)))
        Job.objects.all().delete()
        tending.tend(organization.id)
        jobs.run_until_idle(organization.id)
        assert connection_of(organization).state == Connection.State.LIVE
        Job.objects.filter(kind="poll_events").update(state=Job.State.DONE)
        with tenant(organization.id):
            assert tending.orphans(connection_of(organization)) == [
                ("poll_events", str(connection_of(organization).id))
            ]
        tending.tend(organization.id)
        with tenant(organization.id):
            assert tending.orphans(connection_of(organization)) == []
