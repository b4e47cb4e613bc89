"""A message that shows that e-mail arrives."""

from uuid import UUID

from accounts.models import Organization, User
from accounts.outbox import Message
from dashboards.emails.letter import address, letter, written


@written("test")
def trial(organization_id: UUID, recipient: User, key: str) -> Message:
    """Say that e-mail arrives."""
    organization = Organization.objects.get(id=organization_id)
    facts = {"dashboard_url": address("dashboard", organization.slug)}
    return letter("test", "alert", organization, recipient, facts)
