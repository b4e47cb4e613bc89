"""The sandbox fails in every way that a network, a clock or an answer can."""

import http.client
import json
import time
import urllib.error
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import stripe

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.faults import Faults, parse
from billing_sync.sandbox.server import serve, serving
from tests.billing_sync.sandbox.asking import bare, control
from tests.billing_sync.sandbox.conftest import NOW, client_of


def listed(address: str, path: str = "/v1/customers?limit=100") -> list[object]:
    found: list[object] = json.loads(bare(address, path).body)["data"]
    return found


def test_a_cut_answer_ends_half_way(company: Company) -> None:
    with serve(company, faults=Faults(cut=1_000)) as address:
        with pytest.raises(http.client.IncompleteRead):
            bare(address)
        assert control(address, "stats")["statuses"] == {"cut": 1}


def test_a_cut_connection_is_the_sdks_connection_error(company: Company) -> None:
    with serve(company, faults=Faults(cut=1_000)) as address, pytest.raises(stripe.APIConnectionError):
        client_of(address).v1.customers.list()


def test_a_hung_request_outlasts_the_client(company: Company) -> None:
    with serve(company, faults=Faults(hang=1_000, hang_ms=700)) as address:
        began = time.monotonic()
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=0.2)
        connection.request("GET", "/v1/customers")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
        assert time.monotonic() - began < 0.6


def test_faults_of_requests_come_in_the_same_order_for_one_seed(company: Company) -> None:
    def answers() -> list[str]:
        with serve(company, faults=Faults(error=200, cut=200, lock_timeout=200, seed=9)) as address:
            return [fate(address) for _ in range(25)]

    assert answers() == answers()
    assert set(answers()) == {"200", "429", "500", "cut"}


def test_faults_lose_nothing_for_who_tries_again() -> None:
    company = generate(5, 30, NOW)
    held = {charge.id for charge in company.book.all("charge")}
    faults = Faults(rate_limit=80, error=80, lock_timeout=80, cut=80, drift=3_600, seed=6)
    with serve(company, faults=faults) as address:
        found: list[str] = []
        more = True
        while more:
            cursor = f"&starting_after={found[-1]}" if found else ""
            path = f"/v1/charges?limit=20{cursor}"
            page = tried(address, path)
            found += [charge["id"] for charge in page["data"]]
            more = page["has_more"]
    assert held <= set(found)
    assert len(found) == len(set(found))


def tried(address: str, path: str) -> Any:
    """Return a good answer, however often it takes."""
    while True:
        try:
            answer = bare(address, path)
        except (http.client.IncompleteRead, urllib.error.URLError):
            continue
        if answer.status == 200:
            return json.loads(answer.body)


def fate(address: str) -> str:
    try:
        return str(bare(address).status)
    except (http.client.IncompleteRead, urllib.error.URLError):
        return "cut"


def test_a_skewed_clock_dates_answers_and_events(company: Company) -> None:
    path = "/v1/events?limit=1"
    with serve(company) as address, serve(company, faults=Faults(skew=-600)) as skewed:
        true = json.loads(bare(address, path).body)["data"][0]["created"]
        answer = bare(skewed, path)
        assert json.loads(answer.body)["data"][0]["created"] == true - 600
        assert parsedate_to_datetime(str(answer.headers["Date"])) == NOW - timedelta(seconds=600)
        assert listed(skewed, f"/v1/events?created[gt]={true - 600}") == []
        assert len(listed(skewed, f"/v1/events?created[gte]={true - 600}")) >= 1


def test_a_drifting_clock_changes_objects_between_pages() -> None:
    company = generate(5, 30, NOW)
    before = company.now
    with serve(company, faults=Faults(drift=86_400)) as address:
        newest = [json.loads(bare(address, "/v1/events?limit=1").body)["data"][0]["id"] for _ in range(10)]
    assert company.now == before + 10 * 86_400
    assert len(set(newest)) > 3


def test_a_truncated_list_denies_that_more_follows(company: Company) -> None:
    with serve(company, faults=Faults(truncated=400, seed=1)) as address:
        claims = {json.loads(bare(address).body)["has_more"] for _ in range(30)}
        assert claims == {True, False}


def test_malformed_objects_are_always_the_same_ones(company: Company) -> None:
    path = "/v1/customers?limit=100"
    with serve(company) as sound, serve(company, faults=Faults(malformed=5, seed=3)) as address:
        whole, spoiled = listed(sound, path), listed(address, path)
        assert listed(address, path) == spoiled
    wrong = [new for old, new in zip(whole, spoiled, strict=True) if old != new]
    assert 0 < len(wrong) < len(whole) / 2


@pytest.mark.parametrize(
    ("manner", "sign"),
    [
        ("no_id", b'{"object":"customer"'),
        ("no_object", b'"a word where an object should be"'),
        ("nul", b"broken \\u0000 text"),
        ("surrogate", b"broken \\ud83d text"),
    ],
)
def test_an_object_is_malformed_in_the_manner_asked_for(company: Company, manner: str, sign: bytes) -> None:
    faults = Faults(malformed=1, malformed_as=manner, malformed_in="customers")
    with serve(company, faults=faults) as address:
        assert sign in bare(address).body
        identity = next(company.book.all("customer")).id
        assert sign in bare(address, f"/v1/customers/{identity}").body
        assert sign not in bare(address, "/v1/invoices?limit=1").body


def test_a_gigantic_object_has_as_many_megabytes_as_asked_for(company: Company) -> None:
    with serve(company, faults=Faults(gigantic=1, gigantic_mb=2)) as address:
        assert 2 << 20 < len(bare(address).body) < 3 << 20


def test_a_healed_object_is_whole_again(company: Company) -> None:
    sandbox = Sandbox(company, faults=Faults(malformed=1, malformed_as="no_id"))
    with serving(sandbox) as address:
        assert b'"id":"cus_' not in bare(address).body
        sandbox.misbehave(Faults())
        assert b'"id":"cus_' in bare(address).body


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("boredom=5", "'boredom=5' is no fault; write NAME=VALUE with a name of account_version, burst, "),
        ("error", "'error' is no fault"),
        ("error=often", "'error=often' is no fault; error is a whole number"),
        ("error=-1", "error is a whole number"),
        ("error=1001", "error=1001: it is a share of 1000, from 0 to 1000"),
        ("limits=mine", "limits=mine: choose from live, test"),
        ("burst=5", "give burst=N with burst_every=M"),
        ("burst=5,burst_every=5", "of every M requests, N"),
        ("rate_limit=600,cut=600", "are shares of the same 1000 requests: give fewer"),
        ("malformed_as=ugly", "malformed_as=ugly: choose from no_id, no_object, nul, surrogate"),
        ("malformed_in=cakes", "malformed_in=cakes: it is no list; choose from customers, "),
        ("webhook_repeat=0", "an event arrives once at least; see webhook_drop"),
        ("account_version=old", "account_version=old: write it like 2024-06-20"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_faults_are_read_from_text() -> None:
    assert parse("limits=live, skew=-60,seed=4") == Faults(limits="live", skew=-60, seed=4)
