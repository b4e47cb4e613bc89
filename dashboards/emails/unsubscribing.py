"""Links that end one kind of e-mail for one member, without a sign-in."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Membership
from accounts.tenancy import tenant
from metrics.alerts.models import MailPreference

SALT = "unsubscribe"
# What ends when a member follows the link in an e-mail of a kind, as changes of her preferences.
ENDS: dict[str, dict[str, object]] = {
    "alert": {"alerts": False},
    "reminder": {"reminder_days": None},
    "recovery": {"recoveries": False},
    "digest": {"weekly_digest": False},
    "movement": {"movements_above_minor": None},
    "sync": {"sync_problems": False},
    "audit": {"sync_problems": False},
}


class LinkError(ValueError):
    """Raised where a link was cut short or is not one of ours."""


@dataclass(frozen=True, slots=True)
class Link:
    """Whose e-mails of which kind a link ends."""

    organization_id: UUID
    user_id: int
    kind: str

    def token(self) -> str:
        """Return the signed text that names this link; the organization stands in it in clear."""
        value = f"{self.organization_id}/{self.user_id}/{self.kind}"
        return signing.Signer(salt=SALT).sign(value).replace("/", "~")

    def url(self) -> str:
        """Return the address to follow."""
        return settings.BASE_URL + reverse("unsubscribe", args=[self.token()])


def read(token: str) -> Link:
    """Return what a link names; raise LinkError where it is not one of ours."""
    try:
        value = signing.Signer(salt=SALT).unsign(token.replace("~", "/"))
        organization_id, user_id, kind = value.split("/")
        link = Link(UUID(organization_id), int(user_id), kind)
    except (signing.BadSignature, ValueError) as error:
        raise LinkError(token) from error
    if link.kind not in ENDS:
        raise LinkError(token)
    return link


def unsubscribe(link: Link) -> None:
    """End the e-mails that a link names; following it twice, or after leaving, changes nothing more."""
    if not Membership.objects.filter(organization_id=link.organization_id, user_id=link.user_id).exists():
        return
    with tenant(link.organization_id):
        MailPreference.objects.update_or_create(
            organization_id=link.organization_id, user_id=link.user_id, defaults=ENDS[link.kind]
        )
