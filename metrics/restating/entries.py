"""The ledger of restatements: published numbers that changed, each change once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from config import clock
from metrics.restating.figures import months_of
from metrics.restating.models import Restatement

DEFINITION, LATE_EVENT, ERASURE = "definition", "late_event", "erasure"
ACCOUNTS, EDITION = "accounts", "edition"
AT_ONCE = 25


def enter(
    organization_id: UUID,
    cause: str,
    changes: Sequence[Mapping[str, Any]],
    *,
    version: int,
    objects: Sequence[str] = (),
    detail: Mapping[str, Any] | None = None,
    by: User | None = None,
) -> Restatement:
    """Write one entry in the transaction in progress."""
    entry = Restatement(
        organization_id=organization_id,
        at=clock.now(),
        cause=cause,
        detail=dict(detail or {}),
        months=months_of(changes),
        changes=list(changes),
        objects_named=list(objects),
        definition_version=version,
        by=by,
    )
    entry.save(force_insert=True)
    return entry


def newest(organization_id: UUID, before: UUID | None = None, *, whole: bool = False) -> list[Restatement]:
    """Return one page of entries, newest first, and one more where older ones follow.

    What they changed is read with them only where they are wanted whole.
    """
    rows = Restatement.objects.filter(organization_id=organization_id)
    last = rows.filter(id=before).only("at", "id").first() if before else None
    if last is not None:
        rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, id__lt=last.id))
    rows = rows if whole else rows.defer("changes")
    return list(rows.select_related("by").order_by("-at", "-id")[: AT_ONCE + 1])
