"""Invite people: a random secret, of which only the hash is kept, for one address, organization and role."""

import hashlib
import secrets as randomness
from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import audit, mail
from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.tenancy import tenant

VALID_FOR = timedelta(days=7)
MOST_PENDING = 50


class InvitationRefusedError(ValueError):
    """Raised where an invitation cannot be sent or taken; its text says what to do."""


def pending(organization: Organization) -> QuerySet[Invitation]:
    """Return the invitations that could still be accepted."""
    return organization.invitations.filter(_open()).order_by("created_at", "id")


def _open() -> Q:
    return Q(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


def invite(email: str, role: Role, *, by: Membership) -> Invitation:
    """Invite an address in a role not above one's own; an earlier invitation of it is revoked."""
    organization, email = by.organization, email.lower()
    if not (Role(by.role).covers(Role.ADMIN) and Role(by.role).covers(role)):
        raise InvitationRefusedError(_("Your role does not allow you to invite a person in this role."))
    if Membership.objects.filter(organization=organization, user__emailaddress__email__iexact=email).exists():
        raise InvitationRefusedError(_("This person is a member already."))
    pending(organization).filter(email=email).update(revoked_at=timezone.now())
    if pending(organization).count() >= MOST_PENDING:
        raise InvitationRefusedError(_("Too many invitations are open; revoke some first."))
    secret = randomness.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        secret_hash=hash_of(secret),
        invited_by=by.user,
        expires_at=timezone.now() + VALID_FOR,
    )
    mail.post(_message(invitation, secret))
    audit.record("invitation.sent", actor=by.user, subject=str(invitation.id), role=role)
    return invitation


def hash_of(secret: str) -> str:
    """Return what is kept of a secret; it is random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _message(invitation: Invitation, secret: str) -> EmailMessage:
    path = reverse("invitation", args=[invitation.organization_id, secret])
    context = {"invitation": invitation, "url": settings.BASE_URL.rstrip("/") + path}
    subject = _("%(name)s invites you to Millrace") % {"name": invitation.organization.name}
    body = render_to_string("accounts/email/invitation.txt", context)
    return EmailMessage(subject=" ".join(subject.split()), body=body, to=[invitation.email])


def revoke(invitation: Invitation, *, by: Membership) -> None:
    """Make an open invitation useless."""
    if Invitation.objects.filter(_open(), id=invitation.id).update(revoked_at=timezone.now()):
        audit.record("invitation.revoked", actor=by.user, subject=str(invitation.id))


def find(organization_id: UUID, secret: str) -> Invitation | None:
    """Return the invitation that a link names, still open or not."""
    hashed = hash_of(secret)
    found = Invitation.objects.filter(organization_id=organization_id, secret_hash=hashed)
    invitation = found.select_related("organization", "invited_by").first()
    return invitation if invitation and constant_time_compare(invitation.secret_hash, hashed) else None


def is_open(invitation: Invitation) -> bool:
    """Say whether an invitation can still be accepted."""
    return Invitation.objects.filter(_open(), id=invitation.id).exists()


def is_for(invitation: Invitation, user: User) -> bool:
    """Say whether a person has verified the address that was invited."""
    addresses = EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email)
    return bool(addresses.exists())


def accept(invitation: Invitation, user: User) -> Membership:
    """Make the invited person a member, once; a member keeps her role."""
    if not is_for(invitation, user):
        raise InvitationRefusedError(_("This invitation was sent to another address."))
    with tenant(invitation.organization_id):
        taken = Invitation.objects.filter(_open(), id=invitation.id).update(accepted_at=timezone.now())
        if taken != 1:
            raise InvitationRefusedError(_("This invitation is no longer valid. Ask for a new one."))
        membership, _created = Membership.objects.get_or_create(
            organization_id=invitation.organization_id, user=user, defaults={"role": invitation.role}
        )
        audit.record("invitation.accepted", actor=user, subject=str(invitation.id), role=membership.role)
    return membership
