"""A comparison that is killed, refused or lied to anywhere ends as an undisturbed one does."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import models, nights, reconcile, rounds
from billing_sync.models import SyncRun
from billing_sync.resources import COUPONS, PRICES, PRODUCTS, RESOURCES, TAX_RATES
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.faults import Faults
from tests.billing_sync.accounts import NOW, connected, connection_of, rows
from tests.billing_sync.comparing import Tampered, compared, last_run, living, served
from tests.billing_sync.sandbox.asking import control
from tests.environment import PROJECT
from tests.soak import sized

SEEDS = sized(2, 40)
CUSTOMERS = sized(8, 200)
KEPT = {PRODUCTS, PRICES, COUPONS, TAX_RATES}


def company(seed: int = 3) -> Company:
    return generate(seed=seed, size=CUSTOMERS, now=NOW)


def tamper(organization: Organization, account: Tampered, dice: random.Random) -> set[str]:
    """Delete and alter some objects of every kind without an event; return their ids."""
    done = set()
    for resource in RESOURCES:
        if resource.kind == "event":
            continue
        ids = [identity for (identity,) in rows(organization, resource.model, "stripe_id")]
        for identity in dice.sample(ids, k=min(len(ids), dice.randint(0, 3))):
            done.add(identity)
            if dice.random() < 0.4 and resource not in KEPT:
                account.delete(resource.kind, identity)
            else:
                account.alter(resource.kind, identity, sandbox_note=dice.random())
    return done


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_week_s_comparison_makes_the_mirror_equal_to_a_fresh_import(
    organization: Organization, other_organization: Organization, seed: int
) -> None:
    with served(company(seed)) as account:
        connected(organization, account.base_url)
        done = tamper(organization, account, random.Random(seed))
        mended = compared(organization)
        connected(other_organization, account.base_url)
    assert living(organization) == living(other_organization)
    assert {identity for _, identity, *_ in mended} == done
    assert {cause for *_, cause in mended} <= {"no_event", "deleted_unannounced"}


def test_a_second_comparison_mends_nothing(organization: Organization) -> None:
    with served(company()) as account:
        connected(organization, account.base_url)
        assert tamper(organization, account, random.Random(5))
        assert compared(organization)
        assert compared(organization) == []
        assert compared(organization, "nightly") == []


def test_slices_of_one_page_find_the_same(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "STEP_SECONDS", -1.0)
    with served(company()) as account:
        connected(organization, account.base_url)
        done = tamper(organization, account, random.Random(7))
        assert {identity for _, identity, *_ in compared(organization)} == done
        assert compared(organization) == []


def test_a_list_whose_place_is_deleted_is_read_again(organization: Organization) -> None:
    with served(generate(seed=7, size=60, now=NOW)) as account:
        connected(organization, account.base_url)
        connection = connection_of(organization)
        with tenant(organization.id):
            rounds.begin(connection, "weekly")
            oldest = models.Invoice.objects.filter(organization_id=organization.id).order_by("-created_at")[
                50
            ]
            rounds.ranges(connection, "weekly").filter(resource="invoices").update(
                starting_after=oldest.stripe_id, state="reading"
            )
        account.delete("invoice", oldest.stripe_id)
        mended = compared(organization)
    assert mended == [("invoices", oldest.stripe_id, "vanished", "deleted_unannounced")]


@pytest.mark.parametrize("seed", range(sized(1, 10)))
def test_pages_that_deny_what_follows_hide_nothing(organization: Organization, seed: int) -> None:
    with served(generate(seed=7, size=40, now=NOW)) as account:
        connected(organization, account.base_url)
        charges = rows(organization, models.Charge, "created_at", "stripe_id")
        with tenant(organization.id):
            models.Charge.objects.filter(stripe_id=charges[0][1]).delete()
        account.sandbox.misbehave(Faults(truncated=500, seed=seed))
        assert compared(organization) == [("charges", charges[0][1], "missing", "no_event")]
        assert rows(organization, models.Charge, "created_at", "stripe_id") == charges


def test_errors_and_cut_answers_on_the_way_hide_nothing(organization: Organization) -> None:
    with served(company()) as account:
        connected(organization, account.base_url)
        done = tamper(organization, account, random.Random(9))
        account.sandbox.misbehave(Faults(error=120, cut=40, seed=4))
        mended = compared(organization, "weekly")
    assert {identity for _, identity, *_ in mended} == done


def test_a_list_that_may_not_be_read_any_more_leaves_the_others(organization: Organization) -> None:
    with served(company()) as account:
        connected(organization, account.base_url)
        charge = next(account.sandbox.company.book.all("charge")).id
        invoice = next(account.sandbox.company.book.all("invoice")).id
        account.alter("charge", charge, sandbox_note=1)
        account.alter("invoice", invoice, sandbox_note=1)
        control(
            account.base_url, "keys", {"key": "rk_test_51SandboxFullRead", "without": ["rak_charge_read"]}
        )
        assert compared(organization) == [("invoices", invoice, "changed", "no_event")]
    run = rows(organization, SyncRun, "kind", "state", "error", "request_id")[-1]
    assert run[:2] == ("weekly", "done")
    assert "rak_charge_read" in run[2]
    assert run[3].startswith("req_")


def test_a_key_revoked_in_the_middle_ends_the_comparison(organization: Organization) -> None:
    with served(company()) as account:
        connected(organization, account.base_url)
        connection = connection_of(organization)
        key = nights.key_of(connection.id, "weekly")
        reconcile.step(organization.id, key)
        control(account.base_url, "keys", {"key": "rk_test_51SandboxFullRead", "revoked": True})
        while reconcile.step(organization.id, key) is jobs.MORE:
            pass
    assert last_run(organization)["state"] == "failed"
    assert "does not know this key" in last_run(organization)["error"]
    assert connection_of(organization).state == models.Connection.State.REVOKED


def test_without_events_what_differs_is_put_down_to_that_and_a_night_is_how_far_data_reach(
    organization: Organization,
) -> None:
    lacking = {"key": "rk_test_51SandboxFullRead", "without": ["rak_event_read"]}
    with served(company()) as account:
        control(account.base_url, "keys", lacking)
        connected(organization, account.base_url)
        invoice = next(account.sandbox.company.book.all("invoice")).id
        account.alter("invoice", invoice, event=True, sandbox_note=1)
        with tenant(organization.id):
            models.Connection.objects.update(data_through=NOW - timedelta(days=2))
        assert compared(organization) == [("invoices", invoice, "changed", "not_followed")]
    assert connection_of(organization).data_through == last_run(organization)["started_at"]


def test_a_comparison_killed_again_and_again_comes_to_its_end(organization: Organization) -> None:
    with served(company(), Faults(latency=40)) as account:
        connected(organization, account.base_url)
        done = tamper(organization, account, random.Random(11))
        command = [sys.executable, "manage.py", "reconcile", organization.slug, "--weekly"]
        for seconds in (2.0, 2.4, 2.8):
            process = subprocess.Popen(command, cwd=PROJECT, env=os.environ, start_new_session=True)
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        compared(organization)
        assert compared(organization) == []
    assert {identity for (identity,) in rows(organization, models.Repair, "stripe_id")} == done
    assert len({run for (run,) in rows(organization, models.Repair, "run_id")}) == 1
