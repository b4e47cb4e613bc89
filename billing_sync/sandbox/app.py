"""The WSGI callable that speaks Stripe's API for a company."""

from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from itertools import count
from typing import Any

import msgspec

from . import oauth_api, platforms, webhook_api
from .api import answer
from .control import control
from .errors import ApiError
from .exchange import Answer, Headers, Request, read
from .keys import recognise
from .limits import route
from .objects.events import API_VERSION
from .spoiling import encoded
from .state import State

Start = Callable[[str, Headers], Any]


class Sandbox(State):
    """Serve one company; requests take turns, so that each sees one state of it."""

    _requests = count(1)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request; a prefix before /v1/, /oauth/ or /_sandbox/ is ignored."""
        request = read(environ)
        try:
            found = self._answer(request)
        except ApiError as refusal:
            found = Answer(msgspec.json.encode(refusal.body), refusal.status, list(refusal.headers))
        headers = [
            ("Content-Type", "application/json"),
            ("Request-Id", f"req_{next(self._requests):014d}"),
            ("Date", formatdate(self.company.now + self.faults.skew, usegmt=True)),
        ]
        headers += [*found.headers, ("Content-Length", str(len(found.body)))]
        start(f"{found.status} {HTTPStatus(found.status).phrase}", headers)
        return _half(found.body) if found.cut else [found.body]

    def _answer(self, request: Request) -> Answer:
        _, inside, rest = request.path.partition("/_sandbox/")
        if inside:
            return Answer(control(self, request, rest))
        _, inside, rest = request.path.partition("/oauth/")
        if inside:
            return self._oauth(request, rest)
        _, _, rest = request.path.partition("/v1/")
        return self._counted(request, rest)

    def _oauth(self, request: Request, path: str) -> Answer:
        if request.method == "POST":
            self.mischief.strike(f"{request.method} oauth/{path}")
        with self.turn:
            self.clock.tick()
            return oauth_api.answer(self, request, path)

    def _counted(self, request: Request, path: str) -> Answer:
        arrived = self.statistics.arrive(route(request.method, path))
        status, reason = "500", None
        try:
            suffering = self.mischief.strike(route(request.method, path))
            found = self._api(request, path)
            found.cut = suffering == "cut"
            status = suffering or str(found.status)
        except ApiError as refusal:
            refusal.headers += (("Stripe-Version", request.version or API_VERSION),)
            status, reason = str(refusal.status), refusal.reason
            raise
        finally:
            self.statistics.answer(arrived, status, reason)
        return found

    def _api(self, request: Request, path: str) -> Answer:
        with self.turn:
            self.clock.tick()
            self.clock.push(self.faults.drift)
            key = platforms.acting(
                self, recognise(self.keys, request.secret, self.company.now), request, path
            )
            if path.partition("/")[0] == "webhook_endpoints":
                shown = webhook_api.answer(self, key, request, path)
            else:
                shown = answer(self.view, key, request.method, path, request.values)
        return Answer(
            encoded(shown, self.faults), headers=[("Stripe-Version", request.version or API_VERSION)]
        )


def _half(body: bytes) -> Iterator[bytes]:
    """Yield half of a body, and break the connection."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("the sandbox cuts this answer short")
