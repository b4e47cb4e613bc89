"""The WSGI callable that speaks Stripe's API for a company."""

from collections.abc import Callable, Iterable
from itertools import count
from threading import RLock
from typing import Any
from urllib.parse import parse_qs

import msgspec

from .api import answer
from .clock import Clock
from .company import Company
from .control import control
from .errors import ApiError
from .faults import Faults, Mischief
from .keys import Keys, recognise, standard_keys
from .objects.events import API_VERSION

PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
Headers = list[tuple[str, str]]
Start = Callable[[str, Headers], Any]


class Sandbox:
    """Serve one company; requests take turns, so that each sees one state of it."""

    def __init__(
        self,
        company: Company,
        *,
        keys: Keys | None = None,
        faults: Faults | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.company = company
        self.keys = standard_keys() if keys is None else keys
        self.clock = clock or Clock(company)
        self._mischief = Mischief(faults or Faults())
        self._turn = RLock()
        self._requests = count(1)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request; a prefix before /v1/ or /_sandbox/ is ignored."""
        headers = [("Content-Type", "application/json"), ("Request-Id", f"req_{next(self._requests):014d}")]
        try:
            status, body = 200, self._body(environ, headers)
        except ApiError as refusal:
            status, body = refusal.status, msgspec.json.encode({"error": refusal.body})
            headers += refusal.headers
        headers.append(("Content-Length", str(len(body))))
        start(f"{status} {PHRASES[status]}", headers)
        return [body]

    def _body(self, environ: dict[str, Any], headers: Headers) -> bytes:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        values = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        _, inside, rest = path.partition("/_sandbox/")
        if inside:
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            with self._turn:
                self.clock.tick()
                return control(self.company, self.clock, method, rest, values, sent)
        headers.append(("Stripe-Version", environ.get("HTTP_STRIPE_VERSION") or API_VERSION))
        self._mischief.strike()
        key = recognise(self.keys, _secret(environ.get("HTTP_AUTHORIZATION", "")))
        _, _, rest = path.partition("/v1/")
        with self._turn:
            self.clock.tick()
            shown = answer(self.company, key, method, rest, values)
        return msgspec.json.encode(shown)


def _secret(authorization: str) -> str | None:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
