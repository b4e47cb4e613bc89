"""Stripe Connect: an account's owner allows this installation to read, instead of pasting a key.

Whether test or live accounts can be connected, the mode of STRIPE_PLATFORM_KEY decides: its tokens are of
that mode alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from billing_sync.payload import JsonObject
from billing_sync.stripe_client import client
from billing_sync.stripe_errors import (
    GrantRefusedError,
    KeyExpiredError,
    KeyWrongError,
    NotFoundError,
    StripeTroubleError,
)
from config.clock import now

SCOPE = "read_only"


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens that open an account; `expires_at` is None where Stripe does not say."""

    account_id: str
    livemode: bool
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None


def configured() -> bool:
    """Say whether the operator registered this installation with Stripe."""
    return bool(settings.STRIPE_CLIENT_ID and settings.STRIPE_PLATFORM_KEY)


def livemode() -> bool:
    """Return the mode of the accounts that can be connected."""
    return "_live_" in settings.STRIPE_PLATFORM_KEY


def authorize_url(state: str, redirect_uri: str) -> str:
    """Return Stripe's page where an account's owner allows us to read."""
    asked = {
        "response_type": "code",
        "client_id": settings.STRIPE_CLIENT_ID,
        "scope": SCOPE,
        "state": state,
        "redirect_uri": redirect_uri,
    }
    return f"{settings.STRIPE_CONNECT_BASE}/oauth/authorize?{urlencode(asked)}"


@sensitive_variables("code")
def exchange(code: str) -> Grant:
    """Return the tokens for a code, which works once and for a few minutes."""
    return _grant(_ask("/oauth/token", grant_type="authorization_code", code=code))


@sensitive_variables("refresh_token")
def refresh(refresh_token: str) -> Grant:
    """Return new tokens; the old refresh token may be worth nothing from then on."""
    found = _ask("/oauth/token", grant_type="refresh_token", refresh_token=refresh_token)
    return _grant({"refresh_token": refresh_token, **found})


def deauthorize(account_id: str) -> None:
    """Give up the access to an account; one that was given up already is no error."""
    platform = client(settings.STRIPE_PLATFORM_KEY, settings.STRIPE_CONNECT_BASE)
    try:
        platform.create("/oauth/deauthorize", client_id=settings.STRIPE_CLIENT_ID, stripe_user_id=account_id)
    except (KeyWrongError, KeyExpiredError, NotFoundError):
        return


def _ask(path: str, **params: str) -> JsonObject:
    try:
        return client(settings.STRIPE_PLATFORM_KEY, settings.STRIPE_CONNECT_BASE).create(path, **params)
    except GrantRefusedError:
        raise
    except (KeyWrongError, KeyExpiredError) as error:
        raise StripeTroubleError(
            _("Stripe does not accept this installation's STRIPE_PLATFORM_KEY. Ask its operator to mend it."),
            request_id=error.request_id,
        ) from error


@sensitive_variables("found")
def _grant(found: JsonObject) -> Grant:
    lifetime = found.get("expires_in")
    token, mode = found.get("access_token"), found.get("livemode")
    if not isinstance(token, str) or not token or not isinstance(mode, bool):
        raise StripeTroubleError(_("Stripe's answer holds no access token. The sync tries again by itself."))
    return Grant(
        account_id=str(found.get("stripe_user_id") or ""),
        livemode=mode,
        access_token=token,
        refresh_token=str(found.get("refresh_token") or ""),
        expires_at=now() + timedelta(seconds=lifetime) if isinstance(lifetime, int) else None,
    )
