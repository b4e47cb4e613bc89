"""The sandbox refuses what comes too fast, as Stripe does, and counts it."""

from collections import deque

import pytest
import stripe

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.limits import Limiter, route
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.statistics import Statistics
from tests.billing_sync.sandbox.asking import bare, control, told_to
from tests.billing_sync.sandbox.conftest import client_of


class Hand:
    """Be a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def admitted(limiter: Limiter, name: str, tries: int) -> int:
    return sum(limiter.refusal(name) is None for _ in range(tries))


def test_a_live_endpoint_takes_25_requests_a_second() -> None:
    hand = Hand()
    limiter = Limiter("live", hand)
    assert admitted(limiter, "GET invoices", 60) == 25
    assert limiter.refusal("GET invoices") == "endpoint-rate"
    hand.now = 0.4
    assert admitted(limiter, "GET invoices", 60) == 10


def test_a_live_account_takes_100_requests_a_second_in_all() -> None:
    limiter = Limiter("live", Hand())
    assert [admitted(limiter, f"GET {number}", 25) for number in range(5)] == [25, 25, 25, 25, 0]
    assert limiter.refusal("GET 9") == "global-rate"


def test_a_test_account_takes_25_requests_a_second_in_all() -> None:
    limiter = Limiter("test", Hand())
    assert [admitted(limiter, name, 20) for name in ("GET invoices", "GET customers")] == [20, 5]


def test_tokens_do_not_pile_up_in_a_pause() -> None:
    hand = Hand()
    limiter = Limiter("test", hand)
    hand.now = 3_600
    assert admitted(limiter, "GET invoices", 200) == 25


def test_an_endpoint_is_an_address_without_its_ids() -> None:
    assert route("GET", "invoices") == "GET invoices"
    assert (
        route("GET", "invoices/in_1/lines")
        == route("GET", "invoices/in_2/lines")
        == "GET invoices/{id}/lines"
    )
    assert route("DELETE", "webhook_endpoints/we_1") == "DELETE webhook_endpoints/{id}"


def test_too_many_requests_are_refused_with_a_reason_and_a_wait(company: Company) -> None:
    with serve(company, faults=Faults(limits="test", retry_after=2)) as address:
        answers = [bare(address) for _ in range(40)]
        refused = [one for one in answers if one.status == 429]
        assert 25 <= len(answers) - len(refused) < 40
        assert refused[0].headers["Stripe-Rate-Limited-Reason"] == "global-rate"
        assert refused[0].headers["Retry-After"] == "2"
        assert refused[0].error["code"] == "rate_limit"
        with pytest.raises(stripe.RateLimitError):
            deque(client_of(address).v1.prices.list({"limit": 1}).auto_paging_iter() for _ in range(40))


def test_a_burst_refuses_the_last_requests_of_each_round(company: Company) -> None:
    with serve(company, faults=Faults(burst=3, burst_every=5)) as address:
        assert [bare(address).status for _ in range(10)] == [200, 200, 429, 429, 429] * 2


def test_a_lock_time_out_is_a_429_of_its_own(company: Company) -> None:
    with serve(company, faults=Faults(lock_timeout=1_000)) as address:
        answer = bare(address)
        assert (answer.status, answer.error["code"]) == (429, "lock_timeout")
        assert answer.headers["Stripe-Rate-Limited-Reason"] is None


def test_statistics_tell_rates_and_gaps_apart() -> None:
    hand = Hand()
    counted = Statistics(hand)
    for number in range(30):
        hand.now = number / 10 if number < 20 else number / 10 + 5
        at = counted.arrive("GET invoices")
        counted.answer(at, "429" if number == 5 else "200", "global-rate" if number == 5 else None)
    assert counted.shown() == {
        "requests": 30,
        "endpoints": {"GET invoices": 30},
        "statuses": {"200": 29, "429": 1},
        "rate_limited": 1,
        "reasons": {"global-rate": 1},
        "seconds": 7.9,
        "rate": 3.67,
        "busiest_second": 10,
        "longest_gap": 5.1,
    }


def test_statistics_are_served_and_begin_anew_when_deleted(company: Company) -> None:
    with serve(company, faults=Faults(burst=1, burst_every=2)) as address:
        for path in ("/v1/customers", "/v1/customers/nobody", "/v1/customers"):
            bare(address, path)
        found = control(address, "stats")
        assert found["endpoints"] == {"GET customers": 2, "GET customers/{id}": 1}
        assert found["statuses"] == {"200": 2, "429": 1}
        assert control(address, "stats", method="DELETE")["requests"] == 3
        assert control(address, "stats")["requests"] == 0


def test_faults_can_be_changed_while_it_serves(company: Company) -> None:
    with serve(company) as address:
        assert bare(address).status == 200
        assert control(address, "faults", {"faults": "error=1000"})["error"] == 1_000
        assert bare(address).status == 500
        assert told_to(address, "faults", {"faults": "boredom=1"}).status == 400
        control(address, "faults", {"faults": ""})
        assert bare(address).status == 200
