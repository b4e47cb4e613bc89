"""Change who belongs to an organization and as what; an organization never loses its last owner."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership, Organization, Role, User


class MemberRefusedError(ValueError):
    """Raised where a membership may not change; its text says why."""


def members_of(organization: Organization) -> QuerySet[Membership]:
    """Return an organization's memberships with their people, the earliest first."""
    return organization.memberships.select_related("user").order_by("created_at", "id")


def membership_in(organization_id: UUID, user: User) -> Membership | None:
    """Return a person's membership of an organization, for pages outside its addresses."""
    memberships = Membership.objects.select_related("organization")
    return memberships.filter(organization_id=organization_id, user=user).first()


def change_role(membership: Membership, role: Role, *, by: Membership) -> None:
    """Give a member another role; nobody grants or takes a role above her own."""
    before = Role(membership.role)
    mine = Role(by.role)
    if not (mine.covers(Role.ADMIN) and mine.covers(before) and mine.covers(role)):
        raise MemberRefusedError(_("Your role does not allow this change."))
    if before == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    audit.record(
        "member.role_changed", actor=by.user, subject=str(membership.user_id), before=before, after=role
    )


def remove(membership: Membership, *, by: Membership) -> None:
    """End a membership: one's own, or as an admin one that is not above."""
    mine = Role(by.role)
    if membership.id != by.id and not (mine.covers(Role.ADMIN) and mine.covers(Role(membership.role))):
        raise MemberRefusedError(_("Your role does not allow you to remove this person."))
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    membership.delete()
    audit.record("member.removed", actor=by.user, subject=str(membership.user_id), role=membership.role)


def _keep_an_owner(leaving: Membership) -> None:
    """Lock the owners, so that the last two cannot leave at the same time."""
    owners = Membership.objects.filter(organization_id=leaving.organization_id, role=Role.OWNER)
    locked = list(owners.select_for_update().order_by("id").values_list("id", flat=True))
    if locked == [leaving.id] or not locked:
        raise MemberRefusedError(_("An organization needs an owner: make someone else an owner first."))
