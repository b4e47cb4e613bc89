"""Tables of spend as they are proposed, put in force and deleted; a bad one leaves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.build.rows import Table
from metrics.build.write import Build, insert
from metrics.evidence.pages import fetched
from metrics.payback.models import Spend, SpendFile
from metrics.payback.tables import Key

LISTED = 50
ROWS = Table(
    "metrics_spend",
    {"file_id": "uuid", "month": "day", "channel": "text", "currency": "text", "amount_micro": "bigint"},
    ("file_id", "month", "channel", "currency"),
    built=False,
)
DIFFERS = """
SELECT month, channel, currency, present.amount_micro, proposed.amount_micro
FROM (SELECT month, channel, currency, amount_micro FROM metrics_spend
      WHERE organization_id = %(organization)s AND file_id = %(present)s) AS present
FULL JOIN (SELECT month, channel, currency, amount_micro FROM metrics_spend
      WHERE organization_id = %(organization)s AND file_id = %(proposed)s) AS proposed
USING (month, channel, currency)
WHERE present.amount_micro IS DISTINCT FROM proposed.amount_micro
"""
COUNTED = f"""
SELECT count(*) FILTER (WHERE was IS NULL), count(*) FILTER (WHERE will IS NULL),
    count(*) FILTER (WHERE was IS NOT NULL AND will IS NOT NULL)
FROM ({DIFFERS}) AS changed (month, channel, currency, was, will)
"""  # noqa: S608 - constants of this module
FIRST = f"{DIFFERS} ORDER BY month DESC, channel, currency LIMIT {LISTED}"
NO_FILE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that a proposed table adds (`was` None), leaves out (`will` None) or changes."""

    month: date
    channel: str
    currency: str
    was_micro: int | None
    will_micro: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed table beside the one in force: how many rows differ, and the first of them."""

    file: SpendFile
    added: int
    removed: int
    changed: int
    rows: list[Difference]


def files(organization_id: UUID) -> tuple[SpendFile | None, SpendFile | None]:
    """Return the table in force and the proposed one."""
    found = list(SpendFile.objects.filter(organization_id=organization_id).select_related("created_by"))
    present = next((one for one in found if one.in_force), None)
    return present, next((one for one in found if not one.in_force), None)


def propose(organization_id: UUID, name: str, amounts: Mapping[Key, int], *, by: User | None) -> SpendFile:
    """Keep a table that was read whole, in place of any proposed before."""
    _forget(organization_id, in_force=False)
    made = SpendFile(
        organization_id=organization_id,
        name=name,
        rows=len(amounts),
        created_at=clock.now(),
        created_by=by,
    )
    made.save(force_insert=True)
    insert(ROWS, Build(organization_id), ((made.id, *key, amount) for key, amount in amounts.items()))
    record("spend.proposed", actor=by, subject=str(made.id), name=name, rows=len(amounts))
    return made


def proposal(file: SpendFile, present: SpendFile | None) -> Proposal:
    """Return in what a proposed table differs from the one in force."""
    bound: dict[str, Any] = {
        "organization": file.organization_id,
        "proposed": file.id,
        "present": present.id if present else NO_FILE,
    }
    ((added, removed, changed),) = fetched(COUNTED, bound)
    return Proposal(file, added, removed, changed, [Difference(*row) for row in fetched(FIRST, bound)])


def apply(file: SpendFile, *, by: User | None) -> None:
    """Put a proposed table in force, and delete the one before."""
    _forget(file.organization_id, in_force=True)
    SpendFile.objects.filter(organization_id=file.organization_id, id=file.id).update(in_force=True)
    record("spend.applied", actor=by, subject=str(file.id), name=file.name, rows=file.rows)


def remove(file: SpendFile, *, by: User | None) -> None:
    """Delete a table, in force or not."""
    _forget(file.organization_id, in_force=file.in_force)
    record("spend.deleted", actor=by, subject=str(file.id), name=file.name)


def _forget(organization_id: UUID, *, in_force: bool) -> None:
    gone = SpendFile.objects.filter(organization_id=organization_id, in_force=in_force)
    Spend.objects.filter(
        organization_id=organization_id, file_id__in=list(gone.values_list("id", flat=True))
    ).delete()
    gone.delete()
