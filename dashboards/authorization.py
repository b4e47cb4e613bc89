"""The way to Stripe Connect and back: asked for by one person in one browser, and answered once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.adapter import absolute
from accounts.models import User
from billing_sync import stripe_connect
from config.clock import now

IN_SESSION = "stripe_authorizations"
LIFETIME = timedelta(minutes=10)
MOST_AT_ONCE = 5


class AuthorizationRefused(ValueError):  # noqa: N818
    """Raised with words for the person who comes back from Stripe."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What was asked for; the connection to come has its id already, so that it can be made only once."""

    organization_id: UUID
    connection_id: UUID
    replaces: UUID | None


def begin(session: SessionBase, user: User, organization_id: UUID, replaces: UUID | None) -> str:
    """Remember in the browser's session what is asked for, and return the address of Stripe's page."""
    state = secrets.token_urlsafe(32)
    asked: dict[str, dict[str, Any]] = session.get(IN_SESSION, {})
    asked[state] = {
        "user": user.pk,
        "organization": str(organization_id),
        "connection": str(uuid4()),
        "replaces": str(replaces or ""),
        "until": (now() + LIFETIME).timestamp(),
    }
    session[IN_SESSION] = dict(list(asked.items())[-MOST_AT_ONCE:])
    return stripe_connect.authorize_url(state, absolute(reverse("oauth_callback")))


def take(session: SessionBase, user: User, state: str) -> Authorization:
    """Return what was asked for under a state, and forget it; raise AuthorizationRefused otherwise."""
    asked: dict[str, dict[str, Any]] = session.get(IN_SESSION, {})
    found = asked.pop(state, None)
    if found is None or found["user"] != user.pk:
        raise AuthorizationRefused(
            _("This answer was not asked for in this browser, or it was used already. Nothing was connected.")
        )
    session[IN_SESSION] = asked
    if now().timestamp() >= found["until"]:
        raise AuthorizationRefused(
            _("It took longer than ten minutes to come back from Stripe. Nothing was connected.")
        )
    replaces = UUID(found["replaces"]) if found["replaces"] else None
    return Authorization(UUID(found["organization"]), UUID(found["connection"]), replaces)


def allow_form(response: HttpResponse) -> HttpResponse:
    """Let a form of the page end at Stripe's: browsers follow no other redirect of a form."""
    if stripe_connect.configured():
        parts = urlsplit(settings.STRIPE_CONNECT_BASE)
        response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response
