"""How often a password may be tried: by account and network, by account from everywhere, and by browser.

A browser that its owner signed in with before is counted by itself, so that strangers who try her account
from many networks do not keep her out. Passkeys are not counted: there is nothing to guess.
"""

import secrets
import unicodedata
from collections.abc import Iterator

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

FROM_ONE_NETWORK = {"sign_in_from_network": "5/5m/key"}
FROM_ANYWHERE = {"sign_in_from_anywhere": "50/1h/key"}
FROM_KNOWN_BROWSER = {"sign_in_from_browser": "5/5m/key"}
COOKIE = "__Host-browser" if settings.HTTPS else "browser"
KNOWN_FOR = 90 * 24 * 60 * 60
SALT = "accounts.attempts"


def take(request: HttpRequest, email: str) -> list[ratelimit.RateLimitUsage] | None:
    """Count a try at an account; None where too many were made. A try that succeeds is given back."""
    account, taken = _account(email), []
    for rates, key in _counts(request, account):
        (action,) = rates
        used = ratelimit.consume(request, app="accounts", action=action, config=rates, key=key)
        if used is None:
            return None
        taken.append(used)
    return taken


def give_back(taken: list[ratelimit.RateLimitUsage]) -> None:
    """Forget tries that succeeded."""
    for used in taken:
        used.rollback()


def forget(request: HttpRequest, email: str) -> None:
    """Forget the tries at an account whose owner proved herself otherwise."""
    for rates, key in _counts(request, _account(email)):
        (action,) = rates
        ratelimit.clear(request, app="accounts", action=action, config=rates, key=key)


def knows(request: HttpRequest, email: str) -> bool:
    """Say whether the owner of an account signed in with this browser before."""
    return bool(_browser(request, _account(email)))


def remember(response: HttpResponse, email: str) -> None:
    """Let a browser show later that its owner signed in with it."""
    shown = signing.dumps([secrets.token_urlsafe(12), _account(email)], salt=SALT)
    response.set_cookie(
        COOKIE, shown, max_age=KNOWN_FOR, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def _counts(request: HttpRequest, account: str) -> Iterator[tuple[dict[str, str], str]]:
    browser = _browser(request, account)
    if browser:
        yield FROM_KNOWN_BROWSER, f"{browser}:{account}"
        return
    yield FROM_ONE_NETWORK, f"{ratelimit.get_ip(request)}:{account}"
    yield FROM_ANYWHERE, account


def _browser(request: HttpRequest, account: str) -> str:
    """Return which browser of an account's owner this is, nothing where it is none."""
    try:
        browser, known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KNOWN_FOR)
    except (signing.BadSignature, ValueError):
        return ""
    return str(browser) if constant_time_compare(known, account) else ""


def _account(email: str) -> str:
    """Return what stands for an address, however it is written."""
    return salted_hmac(SALT, unicodedata.normalize("NFKC", email).strip().casefold()).hexdigest()
