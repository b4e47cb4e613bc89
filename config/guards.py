"""What a browser is told of every answer, besides what Django tells it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
