"""The list of events can be late, incomplete, repetitive and in any order within a second."""

from collections import Counter
from itertools import pairwise

import pytest
import stripe

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.server import serve, serving
from tests.billing_sync.sandbox.conftest import NOW, client_of
from tests.billing_sync.sandbox.receiving import receiving, until

DAY = 86_400


def paged(address: str, **params: object) -> list[stripe.Event]:
    asked = {"limit": 23, **params}
    return list(client_of(address).v1.events.list(asked).auto_paging_iter())  # type: ignore[arg-type]


def ids(address: str, **params: object) -> list[str]:
    return [event.id for event in paged(address, **params)]


def test_events_of_one_second_come_in_another_order(company: Company) -> None:
    with serve(company) as plain, serve(company, faults=Faults(event_shuffle=1, seed=2)) as address:
        usual, found = ids(plain), paged(address)
        assert [event.id for event in found] != usual
        assert sorted(event.id for event in found) == sorted(usual)
        assert all(new.created >= old.created for new, old in pairwise(found))


def test_shuffled_events_can_be_read_backwards(company: Company) -> None:
    with serve(company, faults=Faults(event_shuffle=1, seed=2)) as address:
        client = client_of(address)
        forwards = client.v1.events.list({"limit": 20}).data
        cursor = forwards[-1].id
        back = client.v1.events.list({"limit": 100, "ending_before": cursor})
        assert [event.id for event in back.data] == [event.id for event in forwards[:-1]]
        assert back.has_more is False
        nearest = client.v1.events.list({"limit": 3, "ending_before": cursor})
        assert [event.id for event in nearest.data] == [event.id for event in forwards[-4:-1]]
        assert nearest.has_more is True


def test_filters_work_on_faulty_events(company: Company) -> None:
    with serve(company) as plain, serve(company, faults=Faults(event_shuffle=1)) as address:
        assert set(ids(address, type="invoice.paid")) == set(ids(plain, type="invoice.paid"))
        assert ids(address, created={"gt": company.now}) == []


def test_missing_events_are_nowhere(company: Company) -> None:
    with serve(company) as plain, serve(company, faults=Faults(event_missing=200, seed=1)) as address:
        gone = set(ids(plain)) - set(ids(address))
        assert 0.1 < len(gone) / len(ids(plain)) < 0.3
        with pytest.raises(stripe.InvalidRequestError, match="No such event"):
            client_of(address).v1.events.retrieve(gone.pop())


def test_some_events_are_listed_twice(company: Company) -> None:
    with serve(company, faults=Faults(event_twice=300)) as address:
        found = client_of(address).v1.events.list({"limit": 100}).data
        assert set(Counter(event.id for event in found).values()) == {1, 2}


def test_late_events_appear_behind_newer_ones() -> None:
    company = generate(5, 40, NOW)
    sandbox = Sandbox(company, faults=Faults(event_late=500, event_late_seconds=5 * DAY, seed=1))
    with serving(sandbox) as address:
        sandbox.advance(company.now + 9 * DAY)
        early = ids(address)
        sandbox.advance(company.now + 5 * DAY)
        newer = ids(address, created={"gt": company.now - 5 * DAY})
        appeared = set(ids(address)) - set(early) - set(newer)
        assert appeared


def test_a_missing_event_is_not_posted_either() -> None:
    sandbox = Sandbox(generate(5, 40, NOW))
    with receiving() as receiver, serving(sandbox):
        sandbox.webhooks.create(receiver.url, sandbox.company.now)
        sandbox.misbehave(Faults(event_missing=1_000))
        sandbox.advance(sandbox.company.now + 9 * DAY)
        sandbox.courier.start()
        sandbox.courier.collect()
        until(lambda: sandbox.courier.waiting() == 0)
        assert receiver.got == []
