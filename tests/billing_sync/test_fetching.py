import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import msgspec
import pytest
from django.db import connection as database

from accounts.models import Job, Organization
from billing_sync import models
from billing_sync.fetching import fetch
from billing_sync.models import SyncRun
from billing_sync.resources import CHARGES, INVOICE_ITEMS, INVOICES, PRODUCTS
from billing_sync.sandbox.app import Sandbox, Start
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.server import serving
from billing_sync.stripe_errors import StripeError
from config import clock
from tests.billing_sync.accounts import NOW, altered, connected, connection_of, payloads, rows
from tests.billing_sync.sandbox.asking import control
from tests.billing_sync.test_events import LATER, poll
from tests.billing_sync.webhooks.test_deliveries import changed, point


class Slow(Sandbox):
    """A sandbox that holds back its first answer about one object until it is released."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.name, self.asked = "", 0
        self.arrived, self.released = Event(), Event()
        self.base_url = ""

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        answer = super().__call__(environ, start)
        if self.name and environ["PATH_INFO"].endswith(self.name):
            self.asked += 1
            if self.asked == 1:
                self.arrived.set()
                self.released.wait(20)
        return answer


@pytest.fixture
def slow(organization: Organization) -> Iterator[Slow]:
    sandbox = Slow(generate(seed=7, size=2, now=NOW))
    with serving(sandbox) as sandbox.base_url:
        connected(organization, sandbox.base_url)
        yield sandbox
        sandbox.released.set()


def test_a_slow_old_answer_does_not_cover_a_new_one(organization: Organization, slow: Slow) -> None:
    product = next(iter(payloads(organization, models.Product)))
    connection = connection_of(organization)
    slow.name = f"/v1/products/{product}"

    def fetched() -> None:
        try:
            fetch(connection, [(PRODUCTS, product)])
        finally:
            database.close()

    with ThreadPoolExecutor(2) as both:
        first = both.submit(fetched)
        assert slow.arrived.wait(20)
        told = {"kind": "product", "id": product, "changes": {"name": "Renamed"}, "event": False}
        control(slow.base_url, "alter", told)
        second = both.submit(fetched)
        time.sleep(0.3)
        assert (slow.asked, second.done()) == (1, False)
        slow.released.set()
        first.result()
        second.result()
    assert slow.asked == 2
    assert payloads(organization, models.Product)[product]["name"] == "Renamed"


def test_trouble_with_everything_is_raised_and_nothing_is_set_aside(
    organization: Organization, slow: Slow
) -> None:
    answers = {"": (500, b"{}")}
    with altered(slow.company, answers) as (base_url, _asked):
        point(organization, base_url)
        with pytest.raises(StripeError):
            fetch(connection_of(organization), [(INVOICES, "in_1"), (PRODUCTS, "prod_1")])
    assert rows(organization, models.SetAside, "stripe_id") == []


def test_what_is_gone_and_was_never_seen_leaves_no_trace(organization: Organization, slow: Slow) -> None:
    assert fetch(connection_of(organization), [(INVOICES, "in_never"), (INVOICE_ITEMS, "ii_never")]) == []
    assert "in_never" not in payloads(organization, models.Invoice)


def test_a_charge_brings_its_balance_transaction_along(organization: Organization, slow: Slow) -> None:
    charge = next(one for one in payloads(organization, models.Charge).values() if one["balance_transaction"])
    told = {"id": "txn_new", "object": "balance_transaction", "source": charge["id"], "type": "charge"}
    answers = {
        f"/v1/charges/{charge['id']}": (200, changed(charge, balance_transaction="txn_new")),
        "/v1/balance_transactions/txn_new": (200, msgspec.json.encode(told)),
    }
    with altered(slow.company, answers) as (base_url, _asked):
        point(organization, base_url)
        found = fetch(connection_of(organization), [(CHARGES, charge["id"])])
    assert found == [charge["id"], "txn_new"]


def test_polling_alone_asks_again_within_a_minute_and_is_kept_account_of(
    organization: Organization, slow: Slow
) -> None:
    slow.advance(int(LATER.timestamp()))
    poll(organization)
    again_at = Job.objects.get(kind="poll_events").next_at
    assert 0 < (again_at - clock.now()).total_seconds() <= 60
    runs = rows(organization, SyncRun, "kind", "state", "requests", "objects_read")
    (kept,) = [run for run in runs if run[0] == SyncRun.Kind.EVENTS]
    assert kept[1] == SyncRun.State.DONE
    assert kept[2] >= kept[3] > 0
    poll(organization)
    assert rows(organization, SyncRun, "kind", "state", "requests", "objects_read") == runs
