"""Write who did what into the organization's append-only log."""

from accounts.models import AuditEntry, User
from accounts.tenancy import WrongTenantError, current_organization_id
from config.clock import now


def record(action: str, *, actor: User | None, subject: str = "", **details: object) -> None:
    """Add an entry in the transaction and tenant in progress; actor None is the product itself."""
    organization_id = current_organization_id()
    if organization_id is None:
        raise WrongTenantError("An audit entry belongs to an organization; enter its tenant first.")
    AuditEntry.objects.create(
        organization_id=organization_id,
        at=now(),
        actor=actor,
        action=action,
        subject=subject[:255],
        details=details,
    )
