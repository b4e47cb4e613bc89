"""Answers that are no answer, as RFC 9457 has them: what is wrong, and what to do about it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from metrics.management.output import json_line

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
WORDS: "Mapping[int, str | Promise]" = {
    400: gettext_lazy("The request cannot be understood. Read its address and parameters again."),
    404: gettext_lazy("There is nothing at this address. /api/v1/openapi.json lists those that there are."),
    405: gettext_lazy("This address does not take that method: Allow lists those that it takes."),
    500: gettext_lazy("Millrace failed, and has written down why. Try again; if it stays, ask who runs it."),
}


class Problem(Exception):  # noqa: N818
    """What stops a request: the status, a text that says what to do, and headers that go with it."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return HttpResponse(json_line(body), status=status, content_type=MEDIA_TYPE, headers=headers)


class ApiMiddleware:
    """Answer every failure under /api/ as a problem, also those that no operation sees, and keep nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith(PREFIX):
            return response
        if response.status_code >= 400 and response.headers.get("Content-Type") != MEDIA_TYPE:
            kept = {name: response[name] for name in ("Allow",) if name in response}
            words = WORDS.get(response.status_code, WORDS[400])
            response = answer(response.status_code, str(words), kept)
        response.headers.setdefault("Cache-Control", "private, no-store")
        for name, value in getattr(request, "rate_headers", {}).items():
            response[name] = value
        return response
