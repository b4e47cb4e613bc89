"""The only way to Stripe: the SDK signs, identifies and judges; lists reach us as bytes, unparsed."""

import json
import logging
import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import msgspec
import stripe
from django.conf import settings
from django.utils.translation import gettext as _
from stripe import StripeClient

from billing_sync.keepalive import Answer, NoAnswerError, sent
from billing_sync.limits import Limiter, TooManyError, endpoint, permitted
from billing_sync.metering import Fetchers, Meter, count, metered
from billing_sync.payload import Identified, JsonObject, decode_object
from billing_sync.stripe_errors import (
    FEWER_REQUESTS,
    LOCK_TIMEOUT,
    RateLimitedError,
    RefusedError,
    StripeTroubleError,
    TooLargeError,
    UnreachableError,
    error_of,
    not_stripe,
)

__all__ = ["Fetchers", "Meter", "Page", "Stripe", "client", "metered"]

stripe.enable_telemetry = False
# Two lines for each page that is read drown what a log is for; failures are ours to tell.
logging.getLogger("stripe").setLevel(logging.WARNING)

PAGE = 100
LARGEST_ANSWER, HEAD = 200_000_000, 4096
TRIES = 5
FIRST_PAUSE_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 5.0
# After so long, trying again is not for a thread that holds up a worker.
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first, its objects still unparsed."""

    path: str
    objects: list[msgspec.Raw]
    has_more: bool

    @property
    def last_id(self) -> str:
        """Return where the next page starts, nothing if there is none; raise where that cannot be told."""
        if not self.has_more:
            return ""
        for raw in reversed(self.objects):
            try:
                return msgspec.json.decode(raw, type=Identified).id
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
        raise StripeTroubleError(
            _("The list %(path)s has more objects, but none on this page has an id to go on from.")
            % {"path": self.path}
        )


class _List(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool = False


class _Transport(stripe.HTTPClient):
    """Carry the SDK's requests over kept-alive connections; a good answer's body is not for its parser."""

    name = "urllib3"

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()
        self._signed: Mapping[str, str] | None = None

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> Answer:
        refused: Answer | None = self._kept.__dict__.pop("refused", None)
        if refused is not None:
            return refused
        if method == "get":
            self._signed = headers
        answer = _carried(method, url, headers, post_data)
        if _is_good(answer.status):
            self._kept.body = answer.body
            return answer._replace(body=b"{}")
        return answer

    def read(self, url: str) -> bytes | None:
        """Ask as the SDK asked for something else before; None where it is to ask, or to judge the answer."""
        if self._signed is None:
            return None
        answer = _carried("get", url, self._signed, None)
        if _is_good(answer.status):
            return answer.body
        self._kept.refused = answer
        return None

    def take(self) -> bytes:
        """Return the body of this thread's last good answer, once."""
        body: bytes = self._kept.body
        del self._kept.body
        return body

    def close(self) -> None:
        """Leave the connections to the process: they are shared."""


def _carried(method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Answer:
    try:
        answer = sent(method, url, headers, body, ca_certs=stripe.ca_bundle_path, most=LARGEST_ANSWER + 1)
    except NoAnswerError as error:
        raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
    if len(answer.body) > LARGEST_ANSWER:
        raise TooLargeError(_("An answer of Stripe's is too large."), head=answer.body[:HEAD])
    return answer


def _is_good(status: int) -> bool:
    return 200 <= status < 300


class Stripe:
    """Ask one account with one key, at the API version we pin and no faster than Stripe permits."""

    def __init__(self, api_key: str, api_base: str, account: str = "") -> None:
        self._transport, self._base = _Transport(), api_base.rstrip("/")
        self._limiter = Limiter(
            f"{api_base} {account or api_key} {'_live_' in api_key}", permitted(livemode="_live_" in api_key)
        )
        self._client = StripeClient(
            api_key,
            stripe_version=settings.STRIPE_API_VERSION,
            base_addresses={"api": self._base},
            max_network_retries=0,
            http_client=self._transport,
        )

    def retrieve(self, path: str, **params: Any) -> JsonObject:
        """Return one object."""
        return _object(self._ask("get", path, params), path)

    def list_page(self, path: str, **params: Any) -> Page:
        """Return one page of a list."""
        body = self._ask("get", path, {"limit": PAGE, **params})
        page = _read_list(body, path)
        return Page(path, page.data, page.has_more)

    def create(self, path: str, **params: Any) -> JsonObject:
        """Make an object, or change the one at this address; once, however often it had to be asked for."""
        key = str(uuid.uuid4())
        return _object(self._ask("post", path, {**params, "idempotency_key": key}), path)

    def delete(self, path: str) -> JsonObject:
        """Delete an object; raise NotFoundError where it is gone already."""
        return _object(self._ask("delete", path, {}), path)

    def _ask(self, method: str, path: str, params: Mapping[str, Any]) -> bytes:
        """Try a few times in place, with growing, random pauses; longer waits are the job's."""
        place = endpoint(method, path)
        end = time.monotonic() + PATIENCE_SECONDS
        for tried in range(1, TRIES + 1):
            last = tried == TRIES or time.monotonic() > end
            self._wait(place)
            try:
                return self._ask_once(method, path, params)
            except RateLimitedError as error:
                rest = error.retry_after
                if error.reason != LOCK_TIMEOUT:
                    self._limiter.refused(place if error.reason.startswith("endpoint") else None, rest)
                if last or rest > LONGEST_WAIT_SECONDS:
                    raise
            except (RefusedError, TooLargeError):
                raise
            except (UnreachableError, StripeTroubleError):
                rest = 0.0
                if last:
                    raise
            _rest(rest, tried)
        raise AssertionError(place)

    def _wait(self, place: str) -> None:
        try:
            count(requests=1, waited_seconds=self._limiter.wait(place, LONGEST_WAIT_SECONDS))
        except TooManyError as error:
            raise RateLimitedError(str(FEWER_REQUESTS), retry_after=error.seconds) from error

    def _ask_once(self, method: str, path: str, params: Mapping[str, Any]) -> bytes:
        with _our_errors(path):
            if method == "get" and not params.keys() - {"expand"}:
                body = self._transport.read(self._base + _address(path, params.get("expand", ())))
                if body is not None:
                    return body
            self._client.raw_request(method, path, **params)
            return self._transport.take()


def _address(path: str, expand: Sequence[str]) -> str:
    """Return the address of an object with what is to be expanded in it, as it is sent for the SDK."""
    asked = "&".join([f"expand%5B{place}%5D={quote_plus(name)}" for place, name in enumerate(expand)])
    return f"{path}?{asked}" if asked else path


def _rest(least: float, tried: int) -> None:
    """Pause as long as asked, and a random while up to a bound that doubles with each try."""
    pause = least + random.uniform(0.0, FIRST_PAUSE_SECONDS * 2.0 ** (tried - 1))  # noqa: S311
    count(waited_seconds=pause)
    time.sleep(pause)


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


@lru_cache(maxsize=256)
def client(api_key: str, api_base: str, account: str = "") -> Stripe:
    """Return the process's client for a key of an account, so that its connections stay open."""
    return Stripe(api_key, api_base, account)


def _object(body: bytes, path: str) -> JsonObject:
    try:
        return decode_object(body)
    except ValueError as error:
        raise not_stripe(path) from error


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
