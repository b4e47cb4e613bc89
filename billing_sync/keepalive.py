"""Connections that stay open from one request to the next, straight or through a proxy."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from django.conf import settings
from urllib3.response import BaseHTTPResponse

CONNECT_SECONDS = 10
CONNECTIONS = 32
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def sent(
    method: str, url: str, headers: Mapping[str, str] | None, body: Any, *, ca_certs: str
) -> BaseHTTPResponse:
    """Send a request and return its answer, whose body is still to be read."""
    parts = urlsplit(url)
    proxy = _proxy_of(parts.scheme, parts.hostname or "")
    given: dict[str, Any] = {"headers": headers, "body": body, "retries": False, "preload_content": False}
    if proxy:
        return _pool_through(proxy, ca_certs).urlopen(method.upper(), url, redirect=False, **given)
    # The pool of one host need not take the address apart again.
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    pool = _pool_of(f"{parts.scheme}://{parts.netloc}", ca_certs)
    return pool.urlopen(method.upper(), target, redirect=False, **given)


@lru_cache(maxsize=1_000)
def _proxy_of(scheme: str, host: str) -> str:
    return "" if host in LOCAL or proxy_bypass(host) else getproxies().get(scheme, "")


@lru_cache(maxsize=8)
def _pool_through(proxy: str, ca_certs: str) -> urllib3.PoolManager:
    return urllib3.ProxyManager(proxy, ca_certs=ca_certs, **_choices())


@lru_cache(maxsize=32)
def _pool_of(origin: str, ca_certs: str) -> urllib3.HTTPConnectionPool:
    secure = {"ca_certs": ca_certs} if origin.startswith("https:") else {}
    return urllib3.connection_from_url(origin, **secure, **_choices())


def _choices() -> dict[str, Any]:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=settings.STRIPE_READ_SECONDS)
    return {"maxsize": CONNECTIONS, "timeout": timeout}
