"""The jobs behind pages: files that are too large for a request, and their end."""

from datetime import datetime
from uuid import UUID

from accounts.jobs import DONE, Later, Outcome, handler
from dashboards.exports import keeping, working
from dashboards.exports.making import JOB, PURGE


@handler(JOB)
def make_export(organization_id: UUID, key: str) -> Outcome:
    """Write a table into a file, piece by piece."""
    working.make_or_fail(organization_id, UUID(key))
    return DONE


@handler(PURGE)
def purge_exports(organization_id: UUID, key: str) -> Outcome:
    """Delete the files that have expired, and come back when the next one does."""
    following: datetime | None = keeping.purge(organization_id)
    return Later(following) if following else DONE
