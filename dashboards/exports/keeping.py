"""Files as they are kept: fetched while they last, tried again where they failed, purged when they expire."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

import zstandard
from django.http import FileResponse

from accounts import jobs
from accounts.audit import record
from accounts.models import Job, User
from accounts.tenancy import tenant
from config import clock
from dashboards.exports.encoding import ENCODINGS
from dashboards.exports.making import JOB, MAKING, kept
from dashboards.models import Export, ExportPiece

PURGED_AT_ONCE = 20
# A larger file is put together on the disk.
IN_MEMORY = 2**22
State = Export.State


def export_of(organization_id: UUID, export_id: UUID) -> Export | None:
    """Return an export that has not expired."""
    return kept(organization_id).filter(id=export_id).first()


def fetch(export: Export, slug: str, *, by: User | None, **details: str) -> FileResponse:
    """Answer a file that is ready, whole before any of it is sent, and write down who fetched it."""
    rows = ExportPiece.objects.filter(organization_id=export.organization_id, export_id=export.id)
    small = export.size <= IN_MEMORY
    file: IO[bytes] = BytesIO() if small else TemporaryFile()  # noqa: SIM115 - the answer closes it
    decompressor = zstandard.ZstdDecompressor()
    for content in rows.order_by("position").values_list("content", flat=True).iterator(chunk_size=4):
        file.write(decompressor.decompress(bytes(content)))
    file.seek(0)
    record("export.fetched", actor=by, subject=str(export.id), table=export.table, **details)
    kind = ENCODINGS[export.format].content_type
    return FileResponse(file, as_attachment=True, filename=file_name(export, slug), content_type=kind)


def file_name(export: Export, slug: str) -> str:
    """Return a name that says what made the file: rules' version, build, until when Stripe is known."""
    through = f"-{export.data_through:%Y%m%dT%H%MZ}" if export.data_through else ""
    made = f"v{export.definition_version}-b{export.build}{through}"
    return f"{slug}-{export.table.replace('_', '-')}-{made}.{export.format}"


def stopped(exports: Sequence[Export]) -> dict[UUID, str]:
    """Return what is wrong with the exports whose jobs were set aside, by id."""
    wanted = {
        jobs.job_id(one.organization_id, JOB, str(one.id)): one.id for one in exports if one.state in MAKING
    }
    if not wanted:
        return {}
    aside = Job.objects.filter(id__in=wanted, state=Job.State.SET_ASIDE)
    return {wanted[job.id]: job.last_error for job in aside}


def repeat(export: Export) -> None:
    """Ask again for a file that could not be made."""
    rows = Export.objects.filter(organization_id=export.organization_id, id=export.id)
    twin = kept(export.organization_id).filter(asked=export.asked, state__in=MAKING).exclude(id=export.id)
    if export.state == State.FAILED and not twin.exists():
        rows.update(state=State.WAITING, error="")
    if export.state != State.READY:
        jobs.enqueue(export.organization_id, JOB, str(export.id))


def purge(organization_id: UUID) -> datetime | None:
    """Delete files that have expired, some at a time; return when the next one does."""
    with tenant(organization_id):
        rows = Export.objects.filter(organization_id=organization_id)
        expired = list(
            rows.filter(expires_at__lte=clock.now())
            .order_by("expires_at")
            .values_list("id", flat=True)[:PURGED_AT_ONCE]
        )
        pieces = ExportPiece.objects.filter(organization_id=organization_id, export_id__in=expired)
        pieces.delete()
        rows.filter(id__in=expired).delete()
        return rows.order_by("expires_at").values_list("expires_at", flat=True).first()
