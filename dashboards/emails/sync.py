"""A notice that an account can no longer be read."""

from uuid import UUID

from accounts.models import Organization, User
from accounts.outbox import Message
from billing_sync.models import Connection
from dashboards.emails.letter import address, letter, preference, written


@written("sync")
def sync(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell what is wrong with a connection; nothing where it has been mended meanwhile."""
    organization = Organization.objects.get(id=organization_id)
    if not preference(organization, recipient).sync_problems:
        return None
    _, connection_id, state = key.split(":")[:3]
    found = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
    if found is None or (state != "stale" and found.state != state):
        return None
    facts = {
        "connection": found,
        "name": found.account_name or found.account_id,
        "stale": state == "stale",
        "connections_url": address("connections", organization.slug),
    }
    return letter("sync", "sync", organization, recipient, facts)
