"""A company whose records lie in files answers as the same company in memory does."""

import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import msgspec
import pytest

from billing_sync.sandbox.company import Company, account_of, generate
from billing_sync.sandbox.endpoints import ENDPOINTS
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.records import Event
from billing_sync.sandbox.script import SPAN, Script
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.spilled.stage import SpilledStage
from billing_sync.sandbox.stories import FULL
from billing_sync.sandbox.truth import movements, mrr_at, totals, truth, truth_text
from tests.billing_sync.sandbox.conftest import NOW

SIZE = 25
EXPANDED = {
    "customers": ("data.subscriptions", "data.invoice_settings.default_payment_method"),
    "subscriptions": ("data.latest_invoice", "data.discounts.source.coupon", "data.customer"),
    "invoices": ("data.payments", "data.discounts"),
    "charges": ("data.refunds", "data.balance_transaction", "data.payment_intent.latest_charge"),
    "promotion_codes": ("data.promotion.coupon",),
}
Both = tuple[Company, Company]


@pytest.fixture(scope="module")
def both() -> Both:
    return generate(7, SIZE, NOW, mix=FULL, spilled=False), generate(7, SIZE, NOW, mix=FULL, spilled=True)


def fetched(base: str, path: str, **values: object) -> bytes:
    address = f"{base}{path}?{urlencode(values, doseq=True)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {FULL_KEY}"})
    with urllib.request.urlopen(request) as answer:
        body: bytes = answer.read()
    return body


def pages(base: str, name: str, cursor: str, **values: object) -> Iterator[bytes]:
    """Yield every page of a list, going on from its last object, or backwards from its first."""
    while True:
        page = fetched(base, f"/v1/{name}", limit=100, **values)
        yield page
        shown = msgspec.json.decode(page)
        if not shown["has_more"]:
            return
        values[cursor] = shown["data"][-1 if cursor == "starting_after" else 0]["id"]


def lists(company: Company, base: str) -> Iterator[tuple[str, bytes]]:
    """Yield every page of every list: expanded, cut by `created`, and read backwards."""
    for name in sorted(ENDPOINTS.keys() - {"subscription_items"}):
        values: dict[str, object] = {"status": "all"} if name == "subscriptions" else {}
        expand = {"expand[]": EXPANDED.get(name, ())}
        newest = list(pages(base, name, "starting_after", **values, **expand))
        yield from ((name, page) for page in newest)
        if "created" in ENDPOINTS[name].ranges:
            values |= {"created[gte]": company.now - 400 * DAY, "created[lt]": company.now - 20 * DAY}
            yield from ((name, page) for page in pages(base, name, "starting_after", **values))
        oldest = msgspec.json.decode(newest[-1])["data"][-1:]
        values |= {"ending_before": oldest[0]["id"]} if oldest else {}
        yield from ((name, page) for page in pages(base, name, "ending_before", **values))


def narrowed(company: Company, base: str) -> Iterator[tuple[str, bytes]]:
    """Yield lists of one customer, one subscription and one invoice, and objects by id."""
    for life in company.lives[::5]:
        customer = life.customer.id
        for name in ("subscriptions", "invoices", "charges", "invoiceitems", "credit_notes"):
            yield name, fetched(base, f"/v1/{name}", limit=100, customer=customer)
        yield "cards", fetched(base, f"/v1/customers/{customer}/payment_methods")
    for invoice in list(company.book.all("invoice"))[::40]:
        yield "payments", fetched(base, "/v1/invoice_payments", invoice=invoice.id)
        yield "invoices", fetched(base, "/v1/invoices", subscription=invoice.subscription or "")
        yield "lines", fetched(base, f"/v1/invoices/{invoice.id}/lines")


def known(company: Company) -> list[object]:
    """Return everything that the sandbox says of a company outside Stripe's API."""
    return [
        truth(company),
        totals(company, "Asia/Kolkata", "event"),
        movements(company, "America/Los_Angeles", "month"),
        mrr_at(company, company.now - 100 * DAY),
        {kind: company.book.count(kind) for kind in company.book.kinds()},
    ]


def hold_the_same(memory: Company, files: Company) -> None:
    with serve(memory) as one, serve(files) as other:
        assert list(lists(memory, one)) == list(lists(files, other))
        assert list(narrowed(memory, one)) == list(narrowed(memory, other))
        assert fetched(one, "/_sandbox/events.jsonl") == fetched(other, "/_sandbox/events.jsonl")
    assert known(memory) == known(files)


def test_every_page_truth_and_event_are_the_same(both: Both) -> None:
    hold_the_same(*both)


def test_they_stay_the_same_when_the_clock_moves_on() -> None:
    start = NOW - timedelta(days=300)
    founded = NOW - timedelta(days=500)
    memory = generate(8, SIZE, start, founded=founded, mix=FULL, spilled=False)
    files = generate(8, SIZE, start, founded=founded, mix=FULL, spilled=True)
    for days in (299, 250, 100, 99):
        at = int((NOW - timedelta(days=days)).timestamp())
        memory.advance(at)
        files.advance(at)
    hold_the_same(memory, files)


def test_other_processes_play_the_same_lives(both: Both) -> None:
    memory = both[0]
    script = Script("7", account_of(7, memory.now - SPAN), memory.founded, SIZE, everything=True, mix=FULL)
    shared = Company(script, SpilledStage(script, processes=2, together=10))
    shared.advance(memory.now)
    assert known(shared) == known(memory)
    for kind in memory.book.kinds():
        assert list(shared.book.all(kind)) == list(memory.book.all(kind))


def test_the_truth_streams_as_what_it_is(both: Both) -> None:
    for company in both:
        assert msgspec.json.decode(b"".join(truth_text(company))) == msgspec.to_builtins(truth(company))


def test_an_event_of_no_life_stands_among_the_others() -> None:
    company = generate(7, 3, NOW, spilled=True)
    customer = next(company.book.all("customer"))
    told = Event("evt_1Told", company.now, "customer.updated", "customer", customer, customer)
    company.book.put("event", told)
    assert company.book.get("event", told.id) == told
    assert list(company.book.newest_first("event", company.now, company.now)) == [(told.id, told)]


def test_a_life_in_files_shows_its_customer_and_truth(both: Both) -> None:
    memory, files = both
    assert [life.customer for life in files.lives] == [life.customer for life in memory.lives]
    assert files.lives[3].ledger == memory.lives[3].ledger
    assert [life.number for life in files.lives[-2:]] == [SIZE - 2, SIZE - 1]
