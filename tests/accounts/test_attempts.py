"""Guessing passwords stays slow whatever a request says of where it comes from, and its owner gets in."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from statistics import median

import pytest
from django.conf import settings as configured
from django.core.cache import cache, caches
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts import attempts
from accounts.shared_cache import SharedCache
from tests.accounts.hashing import NAME, CountingHasher, runs
from tests.accounts.messages import link
from tests.cast import PASSWORD, Person, hashed_password, person
from tests.soak import sized

ANN = "ann@example.com"
OFTEN, HERS, PROXY = "203.0.113.9", "198.51.100.7", "10.0.0.1"
FORGERY_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def counted(settings: Settings) -> None:
    # What is hashed once for all tests is hashed as the product does.
    hashed_password()
    settings.PASSWORD_HASHERS = [NAME]
    runs()


@pytest.fixture
def ann() -> Person:
    somebody = person(ANN)
    somebody.user.set_password(PASSWORD)
    somebody.user.save()
    runs()
    return somebody


def sign_in(
    password: str,
    *,
    at: str = OFTEN,
    forwarded: str = "",
    email: str = ANN,
    client: Client | None = None,
) -> HttpResponse:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return (client or Client()).post(  # type: ignore[return-value]
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=at, headers=headers
    )


def gets_in(**how: object) -> bool:
    return sign_in(PASSWORD, **how).status_code == 302  # type: ignore[arg-type]


def test_five_tries_of_a_network_are_heard_whatever_header_it_makes_up(ann: Person) -> None:
    for number in range(20):
        answer = sign_in(f"guess {number}", forwarded=f"192.0.2.{number}, 2001:db8::{number:x}")
    assert runs() == 5
    assert b"Too many failed" in answer.content
    assert not gets_in(forwarded=HERS)
    assert gets_in(at=HERS)


def test_a_network_that_tries_many_accounts_is_told_to_wait(ann: Person) -> None:
    for number in range(31):
        answer = sign_in("guess", email=f"{number}@example.com", forwarded=f"192.0.2.{number}")
    assert answer.status_code == 429
    assert b"Wait a minute and try again" in answer.content
    assert runs() == 30


def test_behind_a_proxy_the_address_that_it_noted_counts(ann: Person, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(20):
        sign_in(f"guess {number}", at=PROXY, forwarded=f"192.0.2.{number}, 203.0.113.9")
    assert runs() == 5
    assert not gets_in(at=PROXY, forwarded=f"{HERS}, 203.0.113.9")
    assert gets_in(at=PROXY, forwarded=f"203.0.113.9, {HERS}")


def test_a_network_of_ipv6_is_one_however_many_addresses_it_has(ann: Person) -> None:
    for number in range(20):
        sign_in("guess", at=f"2001:db8:1:2::{number:x}")
    assert runs() == 5
    assert gets_in(at="2001:db8:1:3::1")


def test_fifty_tries_from_everywhere_and_her_own_browser_still_gets_in(ann: Person) -> None:
    hers = Client()
    assert gets_in(at=HERS, client=hers)
    hers.post("/accounts/logout/")
    runs()
    for number in range(75):
        sign_in("guess", at=f"203.0.{number}.9")
    assert runs() == 50
    assert not gets_in(at="192.0.2.200")
    assert gets_in(at="192.0.2.201", client=hers)


def test_a_browser_that_she_knows_is_no_way_to_guess_more(ann: Person) -> None:
    hers = Client()
    assert gets_in(client=hers)
    hers.post("/accounts/logout/")
    runs()
    for number in range(20):
        sign_in("guess", at=f"203.0.{number}.9", client=hers)
    assert runs() == 5
    person("bob@example.com")
    for _ in range(20):
        sign_in("guess", email="bob@example.com", client=hers)
    assert runs() == 5


def test_a_made_up_browser_is_none(ann: Person) -> None:
    for number in range(20):
        made_up = Client()
        made_up.cookies[attempts.COOKIE] = f"WyJ4Iiwi{number}:1abc:def"
        sign_in("guess", client=made_up)
    assert runs() == 5


def test_tries_at_one_account_do_not_close_another(ann: Person) -> None:
    for _ in range(7):
        sign_in("guess", email="bob@example.com")
    assert gets_in()


def test_a_passkey_may_be_asked_for_when_passwords_are_closed(ann: Person) -> None:
    for number in range(51):
        attempts.take(RequestFactory().post("/", REMOTE_ADDR=f"203.0.{number}.9"), ANN)
    assert not gets_in()
    asked = Client(headers={"X-Requested-With": "XMLHttpRequest"}).get("/accounts/2fa/webauthn/login/")
    assert "challenge" in asked.json()["request_options"]["publicKey"]


def test_who_resets_her_password_gets_in_at_once(ann: Person) -> None:
    for _ in range(7):
        sign_in("guess")
    client, new = Client(REMOTE_ADDR=OFTEN), "a wholly different one"
    client.post("/accounts/password/reset/", {"email": ANN})
    form = client.get(link(ANN))["Location"]
    client.post(form, {"password1": new, "password2": new})
    assert sign_in(new).status_code == 302


def test_spellings_of_an_address_are_one_account(ann: Person) -> None:
    for spelled in ("Ann@example.com", "ANN@EXAMPLE.COM", " ann@example.com", "ａnn@example.com"):
        for _ in range(2):
            sign_in("guess", email=spelled)
    assert not gets_in()


def test_tries_at_the_same_instant_are_counted_one_by_one() -> None:
    request = RequestFactory().post("/accounts/login/")
    with ThreadPoolExecutor(12) as threads:
        taken = list(threads.map(lambda _: attempts.take(request, ANN), range(24)))
    assert sum(one is not None for one in taken) == 5


def test_every_process_counts_together() -> None:
    request = RequestFactory().post("/accounts/login/")
    here = caches["default"]
    taken = []
    for _ in range(9):
        # What another process has: the settings, and nothing of this one's memory.
        caches["default"] = SharedCache(configured.REDIS_URL, {})
        taken.append(attempts.take(request, ANN))
    caches["default"] = here
    assert sum(one is not None for one in taken) == 5


def test_without_redis_a_process_counts_alone() -> None:
    request, here = RequestFactory().post("/accounts/login/"), caches["default"]
    caches["default"] = SharedCache("redis://127.0.0.1:1/0", {})
    taken = [attempts.take(request, ANN) for _ in range(9)]
    caches["default"] = here
    assert sum(one is not None for one in taken) == 5


def sign_up(email: str) -> HttpResponse:
    return Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})  # type: ignore[return-value]


def reset(email: str) -> HttpResponse:
    return Client().post("/accounts/password/reset/", {"email": email})  # type: ignore[return-value]


def test_the_hasher_runs_once_whoever_is_known(ann: Person) -> None:
    unverified, inactive, without = (person(f"{name}@example.com") for name in ("uma", "ina", "nora"))
    for one in (unverified, inactive):
        one.user.set_password(PASSWORD)
    unverified.user.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    inactive.user.is_active = False
    without.user.set_unusable_password()
    for one in (unverified, inactive, without):
        one.user.save()
    runs()
    for email in (ANN, unverified.email, inactive.email, without.email, "nobody@example.com"):
        sign_in("not the password", email=email)
        assert runs() == 1, email


def test_signing_up_and_resetting_hash_as_often_for_who_is_known(ann: Person) -> None:
    for ask in (sign_up, reset):
        known, unknown = (ask(email) for email in (ANN, "nobody@example.com"))
        assert known.status_code == unknown.status_code == 302
        assert known.cookies.keys() == unknown.cookies.keys()
    runs()
    assert [(sign_up(email), runs())[1] for email in (ANN, "new@example.com")] == [1, 1]


@pytest.mark.soak
def test_known_and_unknown_addresses_are_answered_alike(
    ann: Person, record_property: Callable[[str, object], None]
) -> None:
    pairs = sized(10, 500)
    for number in range(pairs):
        cache.clear()
        known, unknown = (sign_in(f"guess {number}", email=email) for email in (ANN, "nob@example.com"))
        assert runs() == 2
        assert known.status_code == unknown.status_code == 200
        assert blank(known, ANN) == blank(unknown, "nob@example.com")
    record_property("sign-ins", 2 * pairs)


@pytest.mark.soak
def test_known_and_unknown_addresses_take_as_long(
    ann: Person, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(CountingHasher, "iterations", sized(100_000, 1_000_000))
    ann.user.set_password(PASSWORD)
    ann.user.save()
    took: dict[str, list[float]] = {ANN: [], "nob@example.com": []}
    for number, email in product(range(sized(2, 200)), took):
        cache.clear()
        begun = time.thread_time()
        sign_in(f"guess {number}", email=email)
        took[email].append(time.thread_time() - begun)
    known, unknown = (median(one) for one in took.values())
    record_property("known ms", round(known * 1000, 1))
    record_property("unknown ms", round(unknown * 1000, 1))
    assert abs(known / unknown - 1) < sized(100, 10) / 100


def blank(answer: HttpResponse, email: str) -> bytes:
    return FORGERY_TOKEN.sub(b"", answer.content).replace(email.encode(), b"")
