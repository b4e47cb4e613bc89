"""Tokens: what a program shows to read an organization, of which only a hash is kept.

A token says in clear whose it is, so that its row is looked for under that organization's row level
security; whether it is real, its secret alone tells.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b32decode, b32encode
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy, ngettext

from accounts.audit import record
from accounts.models import Organization, User
from accounts.tenancy import set_tenant
from config import clock
from dashboards.models import ApiToken

METRICS, CUSTOMERS, PAYERS, EXPORTS = "metrics:read", "customers:read", "payers:read", "exports:read"
SCOPES = {
    METRICS: gettext_lazy("Figures of months, plans, alerts, closed months, rates of exchange"),
    CUSTOMERS: gettext_lazy("Customers by their Stripe ids, what they pay and what moved it"),
    PAYERS: gettext_lazy("Names and e-mail addresses beside customers"),
    EXPORTS: gettext_lazy("Files of whole tables that the other scopes open: making and fetching them"),
}
WRITTEN = re.compile(r"mr_([a-z2-7]{26})_([a-z2-7]{52})", re.ASCII)
SECRET_BYTES = 32
MOST = 50
USED_AGAIN = timedelta(minutes=1)


class TooManyTokensError(ValueError):
    """Raised where an organization has as many tokens as it may; its text says what to do."""


def make(
    organization: Organization,
    name: str,
    scopes: Collection[str],
    *,
    by: User,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token in the tenant in progress; return it with its text, which is never told again."""
    if live(organization).count() >= MOST:
        raise TooManyTokensError(
            ngettext(
                "An organization has at most %(most)d token. Revoke one that is not used.",
                "An organization has at most %(most)d tokens. Revoke one that is not used.",
                MOST,
            )
            % {"most": MOST}
        )
    secret = secrets.token_bytes(SECRET_BYTES)
    token = ApiToken(
        organization=organization,
        name=name,
        scopes=[scope for scope in SCOPES if scope in scopes],
        secret_hash=hashlib.sha256(secret).digest(),
        created_at=clock.now(),
        created_by=by,
        expires_at=expires_at,
    )
    token.save(force_insert=True)
    record("api_token.made", actor=by, subject=str(token.id), name=name, scopes=token.scopes)
    return token, f"mr_{_text(organization.id.bytes)}_{_text(secret)}"


def revoke(token: ApiToken, *, by: User) -> None:
    """Make a token useless at once."""
    rows = ApiToken.objects.filter(organization_id=token.organization_id, id=token.id, revoked_at=None)
    if rows.update(revoked_at=clock.now()):
        record("api_token.revoked", actor=by, subject=str(token.id), name=token.name)


def of(organization: Organization) -> "QuerySet[ApiToken]":
    """Return an organization's tokens, newest first."""
    rows = ApiToken.objects.filter(organization=organization).select_related("created_by")
    return rows.order_by("-created_at", "id")


def live(organization: Organization) -> "QuerySet[ApiToken]":
    """Return the tokens that open anything now."""
    open_ended = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    return of(organization).filter(open_ended, revoked_at=None)


def enter(text: str) -> ApiToken | None:
    """Enter the tenant that a token names, if the token is real; else leave the transaction without one.

    A token that was revoked or has expired is returned as it is, for the answer to say so.
    """
    read = _read(text)
    if read is None:
        return None
    organization_id, secret = read
    set_tenant(organization_id)
    hashed = hashlib.sha256(secret).digest()
    rows = ApiToken.objects.filter(organization_id=organization_id, secret_hash=hashed)
    token = rows.select_related("organization").first()
    if token is None or not hmac.compare_digest(bytes(token.secret_hash), hashed):
        set_tenant(None)
        return None
    return token


def used(token: ApiToken) -> None:
    """Note that a token was used, once a minute at most."""
    at = clock.now()
    if token.used_at is None or token.used_at <= at - USED_AGAIN:
        rows = ApiToken.objects.filter(organization_id=token.organization_id, id=token.id)
        rows.filter(Q(used_at=None) | Q(used_at__lte=at - USED_AGAIN)).update(used_at=at)


def _text(value: bytes) -> str:
    return b32encode(value).decode().rstrip("=").lower()


def _read(text: str) -> tuple[UUID, bytes] | None:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    organization, secret = (b32decode(part.upper() + "=" * (-len(part) % 8)) for part in found.groups())
    return UUID(bytes=organization), secret
