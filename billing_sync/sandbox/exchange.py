"""What a client asks of the sandbox, and what it gets."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from .errors import ApiError
from .listing import Values

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """Hold one request: `values` are its query's parameters."""

    method: str
    path: str
    values: Values
    body: bytes
    secret: str | None
    version: str
    idempotency_key: str = ""
    account: str = ""

    def told(self, names: Collection[str], example: str) -> dict[str, Any]:
        """Return the JSON object of the body, refusing names that mean nothing here."""
        try:
            found = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            found = None
        if not isinstance(found, dict):
            raise ApiError(400, f"Send a JSON object, such as {example}.")
        for name in found.keys() - set(names):
            raise ApiError(400, f"'{name}' means nothing here; choose from {', '.join(names)}.", param=name)
        return found

    @property
    def form(self) -> Values:
        """Return the parameters of a body encoded as a form."""
        try:
            return parse_qs(self.body.decode(), keep_blank_values=True)
        except UnicodeDecodeError as error:
            raise ApiError(400, "Invalid request body: it is not UTF-8.") from error


@dataclass(slots=True)
class Answer:
    """Hold one answer; `headers` come on top of those of every answer, and a cut one ends half-way."""

    body: bytes
    status: int = 200
    headers: Headers = field(default_factory=list)
    cut: bool = False


def read(environ: dict[str, Any]) -> Request:
    """Read a request as WSGI hands it over."""
    return Request(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        _secret(environ.get("HTTP_AUTHORIZATION", "")),
        environ.get("HTTP_STRIPE_VERSION") or "",
        environ.get("HTTP_IDEMPOTENCY_KEY") or "",
        environ.get("HTTP_STRIPE_ACCOUNT") or "",
    )


def _secret(authorization: str) -> str | None:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
