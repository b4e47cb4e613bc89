"""Requests go as fast as Stripe permits and no faster, through one bucket for all workers."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pytest
from pytest_django import Settings
from redis import Redis

from billing_sync import limits
from billing_sync.limits import LIVE, TEST, Limiter, Rates, TooManyError, endpoint
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY, LIVE_KEY
from billing_sync.sandbox.server import serving
from billing_sync.sandbox.special import empty_account
from billing_sync.stripe_client import Fetchers, Stripe, metered
from billing_sync.token_bucket import Account
from tests.billing_sync.accounts import NOW
from tests.environment import PROJECT

Take = Callable[[str], None]
CUSTOMERS, INVOICES = "GET customers", "GET invoices"


@pytest.fixture(autouse=True)
def fresh(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "_redis_away_until", 0.0)
    yield
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()


@pytest.fixture
def redis_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def passed(limiter: Limiter, name: str, seconds: float, threads: int = 6) -> list[float]:
    """Return when requests of several threads passed within so many seconds."""
    began, times = time.monotonic(), []

    def ask() -> None:
        while time.monotonic() < began + seconds:
            limiter.wait(name, 60)
            times.append(time.monotonic() - began)

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(threads):
            pool.submit(ask)
    return [at for at in times if at < seconds]


@dataclass
class ByHand:
    """An account's buckets under a clock that a test moves."""

    rates: Rates
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.account = Account()

    def taken(self, name: str) -> bool:
        wanted = [("all", self.rates.in_all), (name, self.rates.each)]
        return self.account.take(wanted, 0.0, self.now).taken

    def counted(self, name: str, seconds: float) -> int:
        """Ask a thousand times a second and count what is granted."""
        count, end = 0, self.now + seconds
        while self.now < end:
            count += self.taken(name)
            self.now += 0.001
        return count


@pytest.mark.parametrize("away", [False, True])
def test_no_second_sees_more_than_the_limit(redis_url: str, settings: Settings, away: bool) -> None:
    if away:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
    times = passed(Limiter("one", Rates(40, 40)), CUSTOMERS, 1.5)
    rate = 20 if away else 40
    assert 0.9 * rate * 1.5 <= len(times) <= rate * 1.5 + rate * 0.2 + 1
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= rate * 1.25


def test_processes_share_one_bucket(redis_url: str) -> None:
    code = (
        "import django; django.setup()\n"
        "import time\n"
        "from billing_sync.limits import Limiter, Rates\n"
        "limiter, count, end = Limiter('shared', Rates(30, 30)), 0, time.time() + 2\n"
        "while time.time() < end:\n"
        "    limiter.wait('GET x', 9); count += 1\n"
        "print(count)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    counts = [int(one.communicate()[0]) for one in asking]
    assert min(counts) > 10
    # Each process counts its own two seconds: together they may have taken up to twice that.
    assert sum(counts) <= 30 * 4


def test_an_endpoint_has_a_limit_of_its_own() -> None:
    hand = ByHand(LIVE)
    assert 23 * 4 <= hand.counted(CUSTOMERS, 4) <= 25 * 4 + 5
    assert hand.taken(INVOICES)


def test_all_endpoints_together_have_a_limit() -> None:
    hand, count = ByHand(TEST), 0
    for _ in range(4000):
        hand.now += 0.001
        count += hand.taken(CUSTOMERS) + hand.taken(INVOICES)
    assert 23 * 4 <= count <= 25 * 4 + 5


def test_a_refusal_halves_the_rate_and_it_grows_back() -> None:
    hand = ByHand(TEST)
    hand.counted(CUSTOMERS, 2)
    hand.account.slow("all", 0.0, hand.now)
    rates = [hand.counted(CUSTOMERS, 2) / 2 for _ in range(7)]
    assert 11 <= rates[0] <= 15
    assert all(later >= earlier - 0.5 for earlier, later in pairwise(rates))
    assert rates[-1] >= 23


def test_refusals_of_one_storm_halve_the_rate_once() -> None:
    hand = ByHand(TEST)
    for _ in range(20):
        hand.account.slow("all", 0.0, hand.now)
        hand.now += 0.01
    assert hand.counted(CUSTOMERS, 2) / 2 > 10


def test_a_refusal_of_one_endpoint_leaves_the_others_alone() -> None:
    hand = ByHand(LIVE)
    hand.account.slow(CUSTOMERS, 5.0, hand.now)
    assert hand.counted(CUSTOMERS, 1) == 0
    assert hand.counted(INVOICES, 1) > 22


def test_a_rate_never_falls_to_nothing() -> None:
    hand = ByHand(TEST)
    for _ in range(50):
        hand.account.slow("all", 0.0, hand.now)
        hand.now += 2
    assert hand.counted(CUSTOMERS, 10) >= 10


@pytest.mark.parametrize("away", [False, True])
def test_a_wish_to_wait_closes_the_bucket_for_as_long(settings: Settings, away: bool) -> None:
    if away:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limiter = Limiter("resting", Rates(100, 100))
    limiter.refused(None, 0.5)
    with pytest.raises(TooManyError) as told:
        limiter.wait(CUSTOMERS, 0.2)
    assert 0.3 < told.value.seconds <= 0.5
    assert 0.2 < limiter.wait(CUSTOMERS, 2) <= 0.8


def test_a_flushed_redis_stops_nobody(redis_url: str) -> None:
    limiter = Limiter("flushed", Rates(50, 50))
    with Redis.from_url(redis_url) as redis:
        timer = threading.Timer(0.5, redis.flushdb)
        timer.start()
        count = len(passed(limiter, CUSTOMERS, 1.0))
        timer.join()
    assert 40 <= count <= 50 + 30


def test_accounts_do_not_share_a_bucket() -> None:
    limiters = [Limiter(name, Rates(5, 5)) for name in ("a", "b")]
    assert [limiter.wait(CUSTOMERS, 1) for limiter in limiters] == [0.0, 0.0]
    limiters[0].refused(None, 60)
    assert limiters[1].wait(CUSTOMERS, 1) < 0.5


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", "/v1/invoices", "GET invoices"),
        ("get", "/v1/invoices/in_1", "GET invoices/{id}"),
        ("get", "/v1/invoices/in_1/lines", "GET invoices/{id}/lines"),
        ("delete", "/v1/webhook_endpoints/we_1", "DELETE webhook_endpoints/{id}"),
    ],
)
def test_an_endpoint_is_an_address_without_ids(method: str, path: str, name: str) -> None:
    assert endpoint(method, path) == name


@pytest.mark.parametrize(("mode", "key", "permitted"), [("test", FULL_KEY, 25), ("live", LIVE_KEY, 100)])
def test_stripes_limit_is_filled_and_kept(settings: Settings, mode: str, key: str, permitted: int) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 0
    sandbox = Sandbox(empty_account(NOW), faults=Faults(latency=100, limits=mode))
    paths = ["/v1/customers", "/v1/invoices", "/v1/charges", "/v1/events", "/v1/prices"]
    seconds = 3.0
    with serving(sandbox) as base_url, metered() as meter, Fetchers(25) as fetchers:
        stripe = Stripe(key, base_url, "acct_1")
        end = time.monotonic() + seconds

        def ask(number: int) -> None:
            while time.monotonic() < end:
                stripe.list_page(paths[number % len(paths)])

        list(fetchers.map(ask, range(25)))
    shown = sandbox.statistics.shown()
    assert shown["rate_limited"] == 0
    assert shown["requests"] == meter.requests
    assert meter.requests >= 0.9 * permitted * seconds
    assert meter.waited_ms > 0
