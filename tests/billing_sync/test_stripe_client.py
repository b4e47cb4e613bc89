import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

from billing_sync import stripe_client
from billing_sync.sandbox.keys import EXPIRED_KEY, FULL_KEY, key_without
from billing_sync.sandbox.special import empty_account
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import (
    CursorLostError,
    KeyExpiredError,
    KeyWrongError,
    NotFoundError,
    PermissionMissingError,
    RateLimitedError,
    StripeTroubleError,
    UnreachableError,
    error_of,
)
from tests.billing_sync.accounts import NOW, altered

Serve = Callable[..., Any]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_client, "TRIES", 1)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with altered(empty_account(NOW), {}) as (address, _asked):
        yield address


def test_a_base_may_carry_a_prefix(base_url: str) -> None:
    assert Stripe(FULL_KEY, f"{base_url}/some/where/").retrieve("/v1/account")["object"] == "account"


@pytest.mark.parametrize(
    ("key", "path", "error"),
    [
        ("rk_test_51nobody", "/v1/account", KeyWrongError),
        (EXPIRED_KEY, "/v1/account", KeyExpiredError),
        (key_without("rak_customer_read"), "/v1/customers", PermissionMissingError),
        (FULL_KEY, "/v1/customers/cus_none", NotFoundError),
        (FULL_KEY, "/v1/nothing", NotFoundError),
    ],
)
def test_each_refusal_is_an_error_of_its_own(
    base_url: str, key: str, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Stripe(key, base_url).retrieve(path)


def test_a_lost_place_in_a_list_is_told_apart(base_url: str) -> None:
    with pytest.raises(CursorLostError):
        Stripe(FULL_KEY, base_url).list_page("/v1/customers", starting_after="cus_gone")


def test_a_missing_permission_is_named() -> None:
    error = error_of(403, path="/v1/x", message="Having the 'rak_moon_read' permission would allow this")
    assert isinstance(error, PermissionMissingError)
    assert error.permission == "rak_moon_read"


def test_stripes_wish_to_wait_is_kept() -> None:
    error = error_of(429, path="/v1/x", headers={"retry-after": "30"})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 30.0


def test_an_error_carries_the_request_id_and_no_key() -> None:
    error = error_of(400, path="/v1/x", message="rk_live_51secret said no", request_id="req_7")
    assert isinstance(error, StripeTroubleError)
    assert error.request_id == "req_7"
    assert "req_7" in str(error)
    assert "51secret" not in str(error)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"data": 5}', b'{"object": "list"}', b"\xff", b'{"data": {"a": 1}}']
)
def test_an_answer_that_is_no_list_is_no_answer(body: bytes) -> None:
    with (
        altered(empty_account(NOW), {"/v1/customers": (200, body)}) as (base_url, _asked),
        pytest.raises(StripeTroubleError, match="not one of Stripe's API"),
    ):
        Stripe(FULL_KEY, base_url).list_page("/v1/customers")


def test_a_page_without_any_id_to_go_on_from_is_an_error() -> None:
    body = b'{"data": [{"x": 1}, null], "has_more": true}'
    with (
        altered(empty_account(NOW), {"/v1/customers": (200, body)}) as (base_url, _asked),
        pytest.raises(StripeTroubleError, match="none on this page has an id"),
    ):
        str(Stripe(FULL_KEY, base_url).list_page("/v1/customers").last_id)


def test_a_page_whose_last_object_has_no_id_goes_on_from_the_one_before() -> None:
    body = b'{"data": [{"id": "cus_1"}, {"id": 3}], "has_more": true}'
    with altered(empty_account(NOW), {"/v1/customers": (200, body)}) as (base_url, _asked):
        assert Stripe(FULL_KEY, base_url).list_page("/v1/customers").last_id == "cus_1"


def test_a_cut_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            caller, _address = server.accept()
            caller.recv(1000)
            caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
            caller.close()

        thread = Thread(target=hang_up)
        thread.start()
        with pytest.raises(UnreachableError, match="cannot be reached"):
            Stripe(FULL_KEY, f"http://127.0.0.1:{server.getsockname()[1]}").retrieve("/v1/account")
        thread.join()


def test_later_questions_are_asked_and_judged_as_the_first() -> None:
    bodies = [(200, b'{"id": "a"}'), (200, b'{"id": "b"}'), (404, b'{"error": {"message": "none"}}')]
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            caller, _address = server.accept()
            for status, body in bodies:
                asked.append(caller.recv(5_000))
                caller.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
            caller.close()

        thread = Thread(target=answer)
        thread.start()
        stripe = Stripe(FULL_KEY, f"http://127.0.0.1:{server.getsockname()[1]}")
        found = [stripe.retrieve("/v1/x/1", expand=["tiers", "a.b"])["id"] for _ in range(2)]
        with pytest.raises(NotFoundError):
            stripe.retrieve("/v1/x/1", expand=["tiers", "a.b"])
        thread.join()
    assert found == ["a", "b"]
    assert b"/v1/x/1?expand%5B0%5D=tiers&expand%5B1%5D=a.b " in asked[0]
    assert b"Stripe-Version" in asked[0]
    assert asked[0] == asked[1] == asked[2]


def test_a_page_is_left_unparsed(base_url: str) -> None:
    body = b'{"data": [ {"id":  "cus_1"} ], "has_more": false}'
    with altered(empty_account(NOW), {"/v1/customers": (200, body)}) as (address, _asked):
        (found,) = Stripe(FULL_KEY, address).list_page("/v1/customers").objects
    assert bytes(found) == b'{"id":  "cus_1"}'
