"""Which locale a request is answered in: a person's choice, else her browser's, else English."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.models import User
from config import locales

# What programs read is the same for everyone.
FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz")


class LanguageMiddleware:
    """Answer a request in its reader's locale."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tag = locale_for(request)
        with translation.override(tag):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", tag)
        return response


def locale_for(request: HttpRequest) -> str:
    """Return the locale that a request is answered in."""
    if request.path_info.startswith(FOR_PROGRAMS):
        return settings.LANGUAGE_CODE
    chosen = ""
    # A visitor's request asks the database nothing.
    if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
        chosen = request.user.language
    return locales.wanted(request.headers.get("Accept-Language", ""), chosen)


def locale_of(recipient: User) -> str:
    """Return the locale of what is sent to a person."""
    return recipient.language or settings.LANGUAGE_CODE
