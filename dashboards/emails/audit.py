"""A notice that stored numbers differ from what the nightly audit expects."""

from uuid import UUID

from accounts.models import Organization, User
from accounts.outbox import Message
from dashboards.emails.letter import address, letter, preference, written
from metrics.auditing.nightly import latest


@written("audit")
def audit(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell how many rows have drifted; nothing where a later audit found none."""
    organization = Organization.objects.get(id=organization_id)
    found = latest(organization_id)
    if found is None or not found.differences or not preference(organization, recipient).sync_problems:
        return None
    facts = {"differences": found.differences, "sync_url": address("sync", organization.slug) + "#audit"}
    return letter("audit", "audit", organization, recipient, facts)
