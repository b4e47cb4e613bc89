"""Connections that stay open from one request to the next, straight or through a proxy.

What urllib3 does for each request costs more than the object that is asked for. So straight connections are
the standard library's own; what goes through a proxy, or comes compressed, is urllib3's.
"""

import os
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from django.conf import settings
from urllib3.util import wait_for_read

CONNECT_SECONDS = 10
CONNECTIONS = 32
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# Of an address, what is not encoded; the percent sign stands for what is already.
AS_IT_IS = "/?%:@!$&'()*+,;=~"


class NoAnswerError(Exception):
    """Raised where a server could not be reached, or broke off."""


class Answer(NamedTuple):
    """What a server answered; a header is found by its name in small letters."""

    body: bytes
    status: int
    headers: Mapping[str, str]


def sent(
    method: str, url: str, headers: Mapping[str, str] | None, body: Any, *, ca_certs: str, most: int
) -> Answer:
    """Send a request and return its answer, of its body at most so many bytes."""
    scheme, _, place = url.partition("://")
    host, slash, rest = place.partition("/")
    try:
        proxy = _proxy_of(scheme, host)
        if proxy:
            return _through(_pool_through(proxy, ca_certs), method.upper(), url, headers, body, most)
        text = body.encode() if isinstance(body, str) else body
        target = quote(slash + rest or "/", safe=AS_IT_IS)
        return _lines_to(scheme, host, ca_certs).ask(method.upper(), target, headers or {}, text, most)
    except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
        raise NoAnswerError(str(error)) from error


@lru_cache(maxsize=1_000)
def _proxy_of(scheme: str, host: str) -> str:
    name = urlsplit(f"//{host}").hostname or ""
    return "" if name in LOCAL or proxy_bypass(name) else getproxies().get(scheme, "")


@lru_cache(maxsize=8)
def _pool_through(proxy: str, ca_certs: str) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=settings.STRIPE_READ_SECONDS)
    return urllib3.ProxyManager(proxy, ca_certs=ca_certs, maxsize=CONNECTIONS, timeout=timeout)


def _through(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    body: Any,
    most: int,
) -> Answer:
    given: dict[str, Any] = {"headers": headers, "body": body, "retries": False, "preload_content": False}
    answer = pool.urlopen(method, url, redirect=False, **given)
    text = answer.read(most)
    if len(text) == most:
        answer.close()
    answer.release_conn()
    return Answer(text, answer.status, answer.headers)


class _Lines:
    """The connections to one server that are open and free."""

    def __init__(self, scheme: str, host: str, ca_certs: str) -> None:
        parts = urlsplit(f"//{host}")
        self._name, self._port, self._secure = parts.hostname or "", parts.port, scheme == "https"
        self._ca_certs = ca_certs
        self._free: deque[HTTPConnection] = deque()
        # A child must not speak on its parent's.
        os.register_at_fork(after_in_child=self._free.clear)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer:
        """Send a request and return its answer."""
        line = self._line()
        try:
            line.request(method, target, body, headers)
            found = line.getresponse()
            answer = _answer(found, most)
        except BaseException:
            line.close()
            raise
        # Only what is read to its end makes way for the next.
        if found.isclosed() and not found.will_close and len(self._free) < CONNECTIONS:
            self._free.append(line)
        else:
            line.close()
        return answer

    def _line(self) -> HTTPConnection:
        while self._free:
            try:
                line = self._free.pop()
            except IndexError:
                break
            # Unasked, a server says nothing but that it hung up.
            if not wait_for_read(line.sock, timeout=0.0):
                return line
            line.close()
        return self._opened()

    def _opened(self) -> HTTPConnection:
        if self._secure:
            line: HTTPConnection = HTTPSConnection(
                self._name, self._port, timeout=CONNECT_SECONDS, context=_verifying(self._ca_certs)
            )
        else:
            line = HTTPConnection(self._name, self._port, timeout=CONNECT_SECONDS)
        line.connect()
        line.sock.settimeout(settings.STRIPE_READ_SECONDS)
        return line


_lines_to = lru_cache(maxsize=32)(_Lines)


@lru_cache(maxsize=8)
def _verifying(ca_certs: str) -> SSLContext:
    return create_default_context(cafile=ca_certs)


def _answer(found: HTTPResponse, most: int) -> Answer:
    if len(set(found.headers.get_all("content-length", ()))) > 1:
        raise HTTPException("An answer tells two lengths of itself.")
    headers = {name.lower(): value.strip() for name, value in found.headers.items()}
    if "content-encoding" in headers:
        unpacking = urllib3.HTTPResponse(found, headers, found.status, preload_content=False)
        return Answer(unpacking.read(most), found.status, headers)
    body = found.read(most)
    if found.length and len(body) < most:
        raise ConnectionError("The connection ended in the middle of an answer.")
    return Answer(body, found.status, headers)
