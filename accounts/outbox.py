"""Messages to members: a row in the transaction that decides to send, one for each cause and recipient."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts import jobs
from accounts.models import Outbox
from config.clock import now

DELIVER = "deliver_outbox"


def put(
    organization_id: UUID, recipients: Iterable[int], kind: str, key: str, *, due_at: datetime | None = None
) -> None:
    """Decide to send a message to some people, once for each key however often it is decided."""
    rows = [
        Outbox(
            organization_id=organization_id,
            recipient_id=recipient,
            kind=kind,
            key=key,
            message=b"",
            due_at=due_at or now(),
        )
        for recipient in recipients
    ]
    if rows:
        Outbox.objects.bulk_create(rows, ignore_conflicts=True)
        jobs.enqueue(organization_id, DELIVER)
