"""The only way to Stripe: the SDK signs, identifies and judges; lists reach us as bytes, unparsed."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec
import stripe
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from stripe import StripeClient

from billing_sync.payload import JsonObject, decode_object
from billing_sync.stripe_errors import (
    RateLimitedError,
    StripeTroubleError,
    UnreachableError,
    error_of,
    not_stripe,
)

stripe.enable_telemetry = False

PAGE = 100
CONNECT_SECONDS, READ_SECONDS = 10, 80
TRIES = 4
LONGEST_WAIT_SECONDS = 5.0
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first, its objects still unparsed."""

    objects: list[msgspec.Raw]
    has_more: bool
    last_id: str


class _List(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool = False


class _Identified(msgspec.Struct):
    id: str


class _Transport(stripe.HTTPClient):
    """Carry the SDK's requests over kept-alive connections; a good answer's body is not for its parser."""

    name = "urllib3"

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = _pool(url).request(
                method, url, headers=headers, body=post_data, retries=False, redirect=False
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        if 200 <= answer.status < 300:
            self._kept.body = answer.data
            return b"{}", answer.status, answer.headers
        return answer.data, answer.status, answer.headers

    def take(self) -> bytes:
        """Return the body of this thread's last good answer, once."""
        body: bytes = self._kept.body
        del self._kept.body
        return body

    def close(self) -> None:
        """Leave the connections to the process: they are shared."""


def _pool(url: str) -> urllib3.PoolManager:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOCAL or proxy_bypass(host):
        return _pool_through("")
    return _pool_through(getproxies().get(parts.scheme, ""))


@cache
def _pool_through(proxy: str) -> urllib3.PoolManager:
    choices: dict[str, Any] = {
        "maxsize": 16,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        "ca_certs": stripe.ca_bundle_path,
    }
    return urllib3.ProxyManager(proxy, **choices) if proxy else urllib3.PoolManager(**choices)


class Stripe:
    """Read one account with one key, at the API version we pin."""

    def __init__(self, api_key: str, api_base: str) -> None:
        self._transport = _Transport()
        self._client = StripeClient(
            api_key,
            stripe_version=settings.STRIPE_API_VERSION,
            base_addresses={"api": api_base.rstrip("/")},
            max_network_retries=0,
            http_client=self._transport,
        )

    def retrieve(self, path: str, **params: Any) -> JsonObject:
        """Return one object."""
        body = self._get(path, params)
        try:
            return decode_object(body)
        except ValueError as error:
            raise not_stripe(path) from error

    def list_page(self, path: str, **params: Any) -> Page:
        """Return one page of a list; `last_id` is where the next one starts."""
        body = self._get(path, {"limit": PAGE, **params})
        page = _read_list(body, path)
        return Page(page.data, page.has_more, _last_id(page, path) if page.has_more else "")

    def _get(self, path: str, params: Mapping[str, Any]) -> bytes:
        def ask() -> bytes:
            with _our_errors(path):
                self._client.raw_request("get", path, **params)
                return self._transport.take()

        return _patiently(ask)


@contextmanager
def _our_errors(path: str) -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise error_of(
            error.http_status,
            path=path,
            code=str(error.code or ""),
            param=str(getattr(error, "param", None) or ""),
            message=str(error.user_message or ""),
            headers=error.headers,
            request_id=str(error.request_id or ""),
        ) from error


@lru_cache(maxsize=64)
def client(api_key: str, api_base: str) -> Stripe:
    """Return the process's client for a key, so that its connections stay open."""
    return Stripe(api_key, api_base)


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """Try a few times in place, with growing, random pauses; longer waits are the job's."""
    for tried in range(1, TRIES):
        try:
            return ask()
        except RateLimitedError as error:
            pause = max(error.retry_after, 0.25 * 2**tried)
            if pause > LONGEST_WAIT_SECONDS:
                raise
        except (UnreachableError, StripeTroubleError):
            pause = 0.1 * 3**tried
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
    return ask()


def _read_list(body: bytes, path: str) -> _List:
    try:
        return msgspec.json.decode(body, type=_List)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    # One object with an impossible escape spoils the fast reading of its page, but not the page.
    try:
        page = json.loads(body)
        if not isinstance(page["data"], list):
            raise TypeError("data")
        objects = [msgspec.Raw(json.dumps(one).encode()) for one in page["data"]]
        return _List(objects, page.get("has_more") is True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_stripe(path) from error


def _last_id(page: _List, path: str) -> str:
    for raw in reversed(page.data):
        try:
            return msgspec.json.decode(raw, type=_Identified).id
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    raise StripeTroubleError(
        _("The list %(path)s has more objects, but none on this page has an id to go on from.")
        % {"path": path}
    )
