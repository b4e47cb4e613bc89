"""Uploads as they come, are read, and go: a file's amounts are stored all or not at all."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.bridge.models import ComparedAmount, Comparison, Upload, UploadedAmount
from metrics.bridge.uploads.amounts import read
from metrics.bridge.uploads.columns import Columns, checked
from metrics.bridge.uploads.tables import FileError, Table, table
from metrics.build.rows import Table as Stored
from metrics.build.write import Build, insert

MOST_BYTES = 20_000_000
MOST_UPLOADS = 20
# A larger file is read in the background.
AT_ONCE = 1_000_000
LISTED = 200
MAPPING, READING, READY, REFUSED = "mapping", "reading", "ready", "refused"
AMOUNTS = Stored(
    "metrics_uploadedamount",
    {"upload_id": "uuid", "month": "day", "currency": "text", "customer": "text", "amount_micro": "bigint"},
    ("upload_id", "month", "currency", "customer"),
    built=False,
)


def receive(organization_id: UUID, name: str, content: bytes, *, by: User | None) -> Upload:
    """Keep a file whose columns are to be chosen; FileError where it is no table, or one too many."""
    if len(content) > MOST_BYTES:
        raise FileError(_("The file has more than 20 MB. Leave out older months and upload it again."))
    if Upload.objects.filter(organization_id=organization_id).count() >= MOST_UPLOADS:
        raise FileError(_("There are 20 files already. Delete one that is no longer needed."))
    table(content)
    upload = Upload(
        organization_id=organization_id,
        name=shown_name(name),
        content=content,
        created_at=clock.now(),
        created_by=by,
    )
    upload.save(force_insert=True)
    record("upload.received", actor=by, subject=str(upload.id), name=upload.name, bytes=len(content))
    return upload


def shown_name(name: str) -> str:
    """Return a file's name without what does not print."""
    return "".join(one for one in name if one.isprintable())[:255] or "upload.csv"


def contents(upload: Upload) -> Table:
    """Return the table of an upload."""
    return table(bytes(upload.content))


def choose(upload: Upload, columns: Columns) -> None:
    """Note what the columns are, so that the file can be read by them; FileError says what lacks."""
    checked(columns, contents(upload))
    upload.columns, upload.state, upload.error, upload.rows = asdict(columns), READING, "", 0
    upload.save(update_fields=["columns", "state", "error", "rows"])


def take_in(upload: Upload) -> None:
    """Read an upload by its columns: every amount in place of those before, or the list of bad rows."""
    found = read(contents(upload), Columns.of(upload.columns or {}))
    forget(upload)
    upload.error, upload.state, upload.rows = "", READY, found.rows
    if found.problems:
        upload.error = json.dumps({"count": len(found.problems), "rows": sorted(found.problems)[:LISTED]})
        upload.state = REFUSED
    else:
        rows = ((upload.id, *key, amount) for key, amount in found.amounts.items())
        insert(AMOUNTS, Build(upload.organization_id), rows)
    upload.save(update_fields=["state", "error", "rows"])


def problems(upload: Upload) -> tuple[int, list[tuple[int, str]]]:
    """Return how many rows of an upload are bad, and the first of them by line."""
    if not upload.error:
        return 0, []
    told = json.loads(upload.error)
    return told["count"], [(line, reason) for line, reason in told["rows"]]


def forget(upload: Upload) -> None:
    """Delete what was made of an upload."""
    mine = {"organization_id": upload.organization_id}
    UploadedAmount.objects.filter(**mine, upload_id=upload.id).delete()
    drop_comparisons(upload.organization_id, [upload.id.hex])


def remove(upload: Upload, *, by: User | None) -> None:
    """Delete an upload and all that came of it."""
    forget(upload)
    record("upload.deleted", actor=by, subject=str(upload.id), name=upload.name)
    Upload.objects.filter(organization_id=upload.organization_id, id=upload.id).delete()


def drop_comparisons(organization_id: UUID, subjects: Iterable[str]) -> None:
    """Delete every comparison with some uploads."""
    wanted = {"organization_id": organization_id, "subject__in": list(subjects)}
    ComparedAmount.objects.filter(**wanted).delete()
    Comparison.objects.filter(**wanted).delete()


def take_in_named(organization_id: UUID, key: str) -> None:
    """Read the upload whose id a job's key is; nothing where it is gone."""
    upload = Upload.objects.filter(organization_id=organization_id, id=UUID(key)).first()
    if upload is not None and upload.columns:
        take_in(upload)
