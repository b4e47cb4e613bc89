"""Second factors: who has one, and organizations that let nobody in without."""

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership, Organization, Role, User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecondFactorRefusedError(ValueError):
    """Raised where second factors cannot be required; its text says what to do first."""


def has_second_factor(user: User) -> bool:
    """Say whether a person signs in with more than a password: recovery codes alone do not count."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def require(organization: Organization, *, required: bool, by: Membership) -> None:
    """Let in members with a second factor only, or everyone again; an owner cannot lock herself out."""
    if by.organization_id != organization.id or by.role != Role.OWNER:
        raise SecondFactorRefusedError(_("Only owners decide this."))
    if required and not has_second_factor(by.user):
        raise SecondFactorRefusedError(_("Set up two-step sign-in for yourself first."))
    rows = Organization.objects.filter(id=organization.id).exclude(second_factor_required=required)
    if rows.update(second_factor_required=required):
        audit.record("organization.second_factor", actor=by.user, required=required)


def without(organization: Organization) -> int:
    """Return how many members have no second factor yet."""
    protected = Authenticator.objects.filter(type__in=FACTORS).values("user")
    return organization.memberships.exclude(user__in=protected).count()
