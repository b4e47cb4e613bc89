"""Delete a person's account: what is hers goes, and what she did for organizations stays without her name."""

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CASCADE, ForeignKey
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import (
    DELETED_DOMAIN,
    AccountMail,
    Invitation,
    Membership,
    Organization,
    Role,
    SuspendedAddress,
    TenantModel,
    User,
)
from accounts.privacy import ledger
from accounts.tenancy import tenant


class AccountRefusedError(ValueError):
    """Raised where an account cannot be deleted yet; its text says what to do first."""


def only_owner_of(user: User) -> list[Organization]:
    """Return the organizations that would be left without an owner."""
    owners = Membership.objects.filter(role=Role.OWNER)
    mine = Organization.objects.filter(memberships__in=owners.filter(user=user))
    return list(mine.exclude(memberships__in=owners.exclude(user=user)).order_by("name"))


def delete_account(user: User) -> None:
    """Delete an account, whole or not at all."""
    with transaction.atomic():
        owned = Membership.objects.filter(user=user, role=Role.OWNER).values("organization_id")
        # Two last owners cannot go at the same time.
        owners = Membership.objects.filter(organization_id__in=owned, role=Role.OWNER)
        list(owners.select_for_update().order_by("id").values_list("id", flat=True))
        alone = only_owner_of(user)
        if alone:
            names = get_text_list([one.name for one in alone], _("and"))
            raise AccountRefusedError(
                _("You are the only owner of %(names)s. Make someone else an owner, or delete it first.")
                % {"names": names}
            )
        _leave_everything(user)


@ledger.replaying(ledger.PERSON)
def delete_again(lines: Sequence[ledger.Line]) -> int:
    """Delete the accounts that a restored copy brought back, whatever they owned then."""
    gone = {one.digest for one in lines}
    active = User.objects.filter(is_active=True) if gone else User.objects.none()
    back = [user for user in active if ledger.person_digest(user).hex() in gone]
    for user in back:
        with transaction.atomic():
            _leave_everything(user)
    return len(back)


def _leave_everything(user: User) -> None:
    for membership in Membership.objects.filter(user=user).select_related("organization"):
        _leave(membership, user)
    _forget(user)


def _leave(membership: Membership, user: User) -> None:
    with tenant(membership.organization_id):
        for model in apps.get_models():
            for one in model._meta.concrete_fields if issubclass(model, TenantModel) else ():
                if isinstance(one, ForeignKey) and one.related_model is User and _goes_with(one):
                    mine = {"organization_id": membership.organization_id, one.attname: user.id}
                    model._default_manager.filter(**mine).delete()
        membership.delete()
        audit.record("member.deleted_account", actor=user, subject=str(user.id))


def _goes_with(one: "ForeignKey[User, User]") -> bool:
    """Say whether a row is hers, and not the organization's with her name on it."""
    return one.remote_field.on_delete is CASCADE


def _forget(user: User) -> None:
    """Leave a row that nobody can sign in to and that names nobody, for what refers to it."""
    ledger.note(ledger.PERSON, ledger.person_digest(user))
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    Invitation.objects.filter(email__in=addresses).delete()
    SuspendedAddress.objects.filter(email__in=addresses).delete()
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    for mail in AccountMail.objects.filter(sent_at=None):
        if any(address.encode() in bytes(mail.message) for address in addresses):
            mail.delete()
    for model in (UserSession, Authenticator, EmailAddress):
        model.objects.filter(user=user).delete()
    user.email = f"deleted-{user.id}{DELETED_DOMAIN}"
    user.is_active = False
    user.language = ""
    user.set_unusable_password()
    user.save()
