"""Connections that stay open from one request to the next, straight or through a proxy.

What a library does for each request costs more than the object that is asked for. So a library opens a
straight connection, but a request is one text, and a plain answer is read as what it is: its head, then as
many bytes as it says. Whatever else is answered is left to the library.
"""

import os
import re
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import wait_for_read

CONNECT_SECONDS = 10
CONNECTIONS = 32
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
AT_ONCE = 1 << 16
LARGEST_HEAD = 1 << 16
# Of an address, what is not encoded; the percent sign stands for what is already.
AS_IT_IS = "/?%:@!$&'()*+,;=~"
BROKEN = re.compile("[\r\n\0]")
END = b"\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})(?= |\r|$)")
LENGTH = re.compile(r"\d{1,12}", re.ASCII)
# These have no body, whatever length they tell.
WITHOUT_BODY = frozenset({*range(100, 200), 204, 304})


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
        request = _request(method.upper(), host, slash + rest, headers or {}, body)
        return _lines_to(scheme, host, ca_certs).ask(method.upper(), request, most)
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


def _request(method: str, host: str, target: str, headers: Mapping[str, str], body: Any) -> bytes:
    text: bytes = body.encode() if isinstance(body, str) else body or b""
    lines = [f"{method} {quote(target or '/', safe=AS_IT_IS)} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    # Not compressed: what is taken apart at once should not have to be unpacked before.
    lines.append("Accept-Encoding: identity")
    if text or method == "POST":
        lines.append(f"Content-Length: {len(text)}")
    if any(map(BROKEN.search, lines)):
        raise ValueError("A header holds the end of a line.")
    return "\r\n".join(lines).encode("latin-1") + END + text


class _Lines:
    """The connections to one server that are open and free."""

    def __init__(self, scheme: str, host: str, ca_certs: str) -> None:
        self._scheme, self._host, self._ca_certs = scheme, host, ca_certs
        self._free: deque[socket] = deque()
        # A child must not speak on its parent's.
        os.register_at_fork(after_in_child=self._free.clear)

    def ask(self, method: str, request: bytes, most: int) -> Answer:
        """Send a request and return its answer."""
        line = self._line()
        try:
            line.sendall(request)
            answer, stays = _answer(line, method, most)
        except BaseException:
            line.close()
            raise
        if stays and len(self._free) < CONNECTIONS:
            self._free.append(line)
        else:
            line.close()
        return answer

    def _line(self) -> socket:
        while self._free:
            try:
                line = self._free.pop()
            except IndexError:
                break
            # Unasked, a server says nothing but that it hung up.
            if not wait_for_read(line, timeout=0.0):
                return line
            line.close()
        return self._opened()

    def _opened(self) -> socket:
        parts = urlsplit(f"//{self._host}")
        name = parts.hostname or ""
        opening: HTTPConnection
        if self._scheme == "https":
            opening = HTTPSConnection(name, parts.port, timeout=CONNECT_SECONDS, ca_certs=self._ca_certs)
        else:
            opening = HTTPConnection(name, parts.port, timeout=CONNECT_SECONDS)
        opening.connect()
        line: socket = opening.sock
        line.settimeout(settings.STRIPE_READ_SECONDS)
        return line


_lines_to = lru_cache(maxsize=32)(_Lines)


def _answer(line: socket, method: str, most: int) -> tuple[Answer, bool]:
    """Read an answer; say also whether another may follow it."""
    begun = b""
    while (end := begun.find(END)) < 0 and len(begun) < LARGEST_HEAD:
        part = line.recv(AT_ONCE)
        if not part:
            break
        begun += part
    plain = _plain(begun[:end]) if end >= 0 else None
    if plain is None or plain.length > most:
        return _any_answer(line, method, most, begun)
    body = _rest(line, begun[end + len(END) :], plain.length)
    return Answer(body[: plain.length], plain.status, plain.headers), len(body) == plain.length


class _Plain(NamedTuple):
    """The head of an answer that is as long as it says, as it was, and not the last."""

    status: int
    length: int
    headers: Mapping[str, str]


def _plain(head: bytes) -> _Plain | None:
    told = STATUS.match(head)
    if told is None or (status := int(told[1])) in WITHOUT_BODY:
        return None
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, said = line.partition(":")
        value = said.strip()
        # Said twice, and not the same.
        if headers.setdefault(name.lower(), value) != value:
            return None
    is_plain = (
        "transfer-encoding" not in headers
        and "content-encoding" not in headers
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
    )
    length = LENGTH.fullmatch(headers.get("content-length", ""))
    return _Plain(status, int(length[0]), headers) if is_plain and length else None


def _rest(line: socket, begun: bytes, length: int) -> bytes:
    parts, missing = [begun], length - len(begun)
    while missing > 0:
        part = line.recv(min(missing, AT_ONCE))
        if not part:
            raise ConnectionError("The connection ended in the middle of an answer.")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _any_answer(line: socket, method: str, most: int, begun: bytes) -> tuple[Answer, bool]:
    """Do as `_answer`, with all that HTTP knows."""
    found = HTTPResponse(_Begun(begun, line), method=method)  # type: ignore[arg-type]
    found.begin()
    headers = urllib3.HTTPHeaderDict(found.headers.items())
    answer = urllib3.HTTPResponse(found, headers, found.status, preload_content=False, request_method=method)
    body = answer.read(most)
    return Answer(body, found.status, headers), found.isclosed() and not found.will_close


class _Begun(RawIOBase):
    """A connection some of whose answer was read already."""

    def __init__(self, begun: bytes, line: socket) -> None:
        self._begun, self._line = begun, line

    def makefile(self, _mode: str) -> BufferedReader:
        """Return the answer from its beginning."""
        return BufferedReader(self)

    def readable(self) -> bool:
        """Say that it is there to be read."""
        return True

    def readinto(self, space: Any) -> int:
        """Read some of it."""
        if not self._begun:
            return self._line.recv_into(space)
        some, self._begun = self._begun[: len(space)], self._begun[len(space) :]
        space[: len(some)] = some
        return len(some)
