"""What a browser is told of every answer, besides what Django tells it."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

NOT_KEPT = "private, no-store"
# Passkeys alone are used of what a page could ask a browser for.
PERMISSIONS = ", ".join(
    [
        *(
            f"{name}=()"
            for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
        ),
        *(f"publickey-credentials-{what}=(self)" for what in ("create", "get")),
    ]
)


class GuardsMiddleware:
    """Let no other site load an answer, no page ask for a device, and nothing be kept unless it says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cache-Control", NOT_KEPT)
        return response


class PolicyMiddleware(CSPMiddleware):
    """Send the settings' Content-Security-Policy, composed once; an answer that changes it has its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        own = any(name.startswith("_csp") for name in (*vars(request), *vars(response)))
        if own or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response
