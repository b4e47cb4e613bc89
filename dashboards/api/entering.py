"""How a request of a program enters an organization: by a token's proof, in the transaction of the request.

The session of a browser opens nothing here. The tenant is set once the token is known to be real, and
lasts until the request's own transaction ends, as on a page.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from ninja.security import HttpBearer

from accounts.models import Organization
from accounts.tenancy import hide_payers
from config import clock
from dashboards.api import limits, tokens
from dashboards.api.problems import Problem
from dashboards.models import ApiToken
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class Access:
    """Whose numbers a request may read, and how far."""

    token: ApiToken
    organization: Organization

    def has(self, scope: str) -> bool:
        return scope in self.token.scopes


class ApiRequest(HttpRequest):
    """A request that has entered its token's organization."""

    auth: Access
    shown: Shown


class Bearer(HttpBearer):
    """Require a token with a scope; without a scope, any token."""

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Access:
        found = tokens.enter(token)
        if found is None:
            raise refused(_("This token is not known. Copy it again, or make one on the API page."))
        if found.revoked_at is not None:
            raise refused(_("This token was revoked. Make another on the API page."))
        if found.expires_at is not None and found.expires_at <= clock.now():
            raise refused(_("This token has expired. Make another on the API page."))
        self._limit(request, found)
        if self.scope and self.scope not in found.scopes:
            words = _("This token lacks the scope %(scope)s. Make one that has it on the API page.")
            challenge = f'Bearer error="insufficient_scope", scope="{self.scope}"'
            raise Problem(403, words % {"scope": self.scope}, **{"WWW-Authenticate": challenge})
        tokens.used(found)
        # Files of names are refused by name; making one hides payers where it is to have none.
        if tokens.PAYERS not in found.scopes and self.scope != tokens.EXPORTS:
            hide_payers()
        return Access(found, found.organization)

    def _limit(self, request: HttpRequest, token: ApiToken) -> None:
        standing = limits.count(token.id)
        request.rate_headers = standing.headers  # type: ignore[attr-defined]
        if standing.exceeded:
            words = ngettext(
                "This token has made all its requests of this minute: %(limit)d. Wait %(seconds)d second.",
                "This token has made all its requests of this minute: %(limit)d. Wait %(seconds)d seconds.",
                standing.resets_in,
            )
            told = {"limit": standing.limit, "seconds": standing.resets_in}
            raise Problem(429, words % told, **{"Retry-After": str(standing.resets_in)})


def refused(detail: str) -> Problem:
    """Return what a request without a token that opens anything is told."""
    challenge = 'Bearer error="invalid_token"'
    return Problem(401, detail, **{"WWW-Authenticate": challenge})


def unsigned() -> Problem:
    """Return what a request that shows no token is told."""
    words = _("Send a token as Authorization: Bearer …; an admin makes one on the API page.")
    return Problem(401, words, **{"WWW-Authenticate": "Bearer"})
