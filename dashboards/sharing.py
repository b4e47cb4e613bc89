"""Links that show the investor view to someone without an account, until they expire or are revoked.

A link says in clear whose it is, so that its row is looked for under that organization's row level
security; whether it is real, its secret alone tells, of which only a hash is kept.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.models import Organization, User
from accounts.tenancy import set_tenant
from config import clock
from dashboards.models import ShareLink

WRITTEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})", re.ASCII)
SECRET_BYTES = 32
DEFAULT_DAYS, MOST_DAYS = 30, 366
MOST = 50
OPENED_AGAIN = timedelta(minutes=1)


class TooManyLinksError(ValueError):
    """Raised where an organization has as many links as it may; its text says what to do."""


def make(
    organization: Organization, label: str, currency: str, days: int, *, by: User, converted: bool = False
) -> tuple[ShareLink, str]:
    """Make a link in the tenant in progress; return it with its address, which is never told again."""
    if live(organization).count() >= MOST:
        raise TooManyLinksError(
            ngettext(
                "An organization has at most %(most)d link. Revoke one that is not used.",
                "An organization has at most %(most)d links. Revoke one that is not used.",
                MOST,
            )
            % {"most": MOST}
        )
    secret = urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")
    now = clock.now()
    link = ShareLink(
        organization=organization,
        label=label,
        currency=currency,
        converted=converted,
        secret_hash=_hashed(secret),
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(days=days),
    )
    link.save(force_insert=True)
    until = link.expires_at.isoformat()
    record("share_link.made", actor=by, subject=str(link.id), label=label, expires_at=until)
    return link, address(organization.id, secret)


def address(organization_id: UUID, secret: str) -> str:
    """Return the whole address of a link."""
    return settings.BASE_URL.rstrip("/") + reverse("shared", args=[f"{organization_id}.{secret}"])


def revoke(link: ShareLink, *, by: User) -> bool:
    """Make a link useless at once; False where it was already."""
    rows = ShareLink.objects.filter(organization_id=link.organization_id, id=link.id, revoked_at=None)
    revoked = bool(rows.update(revoked_at=clock.now()))
    if revoked:
        record("share_link.revoked", actor=by, subject=str(link.id), label=link.label)
    return revoked


def of(organization: Organization) -> "QuerySet[ShareLink]":
    """Return an organization's links, newest first."""
    rows = ShareLink.objects.filter(organization=organization).select_related("created_by")
    return rows.order_by("-created_at", "id")


def live(organization: Organization) -> "QuerySet[ShareLink]":
    """Return the links that open anything now."""
    return of(organization).filter(revoked_at=None, expires_at__gt=clock.now())


def enter(text: str) -> ShareLink | None:
    """Enter the tenant that a link names, if the link is real and in force; else leave none behind."""
    read = WRITTEN.fullmatch(text)
    if read is None:
        return None
    organization_id, hashed = UUID(read[1]), _hashed(read[2])
    set_tenant(organization_id)
    rows = ShareLink.objects.filter(organization_id=organization_id, secret_hash=hashed)
    link = rows.select_related("organization").first()
    if link is None or not hmac.compare_digest(bytes(link.secret_hash), hashed) or not _in_force(link):
        set_tenant(None)
        return None
    return link


def opened(link: ShareLink) -> None:
    """Note that a link was opened, once a minute at most; the first time is written into the log."""
    at = clock.now()
    row = ShareLink.objects.filter(organization_id=link.organization_id, id=link.id)
    if link.opened_at is None and row.filter(opened_at=None).update(opened_at=at):
        record("share_link.opened_first", actor=None, subject=str(link.id), label=link.label)
        return
    if link.opened_at is None or link.opened_at <= at - OPENED_AGAIN:
        row.filter(Q(opened_at=None) | Q(opened_at__lte=at - OPENED_AGAIN)).update(opened_at=at)


def _in_force(link: ShareLink) -> bool:
    return link.revoked_at is None and link.expires_at > clock.now()


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
