"""Changes to how a person signs in, in the log of each organization that she belongs to."""

from accounts import audit
from accounts.models import Membership, User
from accounts.tenancy import tenant


def note(user: User, change: str) -> None:
    """Write down that a person's password, address, factor or browser changed; owners read it."""
    memberships = Membership.objects.filter(user=user).order_by("organization_id")
    for organization_id in memberships.values_list("organization_id", flat=True):
        with tenant(organization_id):
            audit.record(f"account.{change}", actor=user, subject=str(user.pk))
