"""An organization's archive as its owner takes it away: made by a job, for her alone, for a day."""

from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db.models import QuerySet

from accounts import audit, jobs
from accounts.models import Organization, User
from accounts.privacy import archive, retention
from accounts.privacy.models import Archive, ArchivePiece
from accounts.tenancy import tenant
from config.clock import now

MAKE = "make_archive"
KEPT = timedelta(days=1)
PIECE = 4_000_000
State = Archive.State


def ask(organization: Organization, *, by: User) -> Archive:
    """Ask for an archive; one that is there, or is being made, is the answer, and is tried again."""
    one = of(organization.id, by).first()
    if one is None:
        one = Archive(organization=organization, asked_by=by, asked_at=now(), expires_at=now() + KEPT)
        one.save(force_insert=True)
        audit.record("organization.export_asked", actor=by, subject=str(one.id))
    if one.state == State.WAITING:
        jobs.enqueue(organization.id, MAKE, str(one.id))
    return one


def of(organization_id: UUID, person: User) -> QuerySet[Archive]:
    """Return a person's own archives that have not expired, newest first."""
    mine = Archive.objects.filter(organization_id=organization_id, asked_by=person)
    return mine.exclude(expires_at__lte=now()).order_by("-asked_at")


@jobs.handler(MAKE)
def make(organization_id: UUID, key: str) -> jobs.Outcome:
    """Make an archive whole, then let it be taken away."""
    organization = Organization.objects.get(id=organization_id)
    with TemporaryFile() as file:
        archive.write(organization, file)
        size = file.tell()
        file.seek(0)
        with tenant(organization_id):
            _keep(organization_id, UUID(key), file, size)
            jobs.enqueue(organization_id, retention.PURGE, at=now() + KEPT)
    return jobs.DONE


def _keep(organization_id: UUID, identity: UUID, file: IO[bytes], size: int) -> None:
    mine = {"organization_id": organization_id, "archive_id": identity}
    ready = {"state": State.READY, "size": size, "expires_at": now() + KEPT}
    ours = Archive.objects.filter(organization_id=organization_id, id=identity)
    if not ours.select_for_update().exists():
        return
    ArchivePiece.objects.filter(**mine).delete()
    for position, content in enumerate(iter(lambda: file.read(PIECE), b"")):
        ArchivePiece.objects.create(**mine, position=position, content=content)
    ours.update(**ready)


def opened(one: Archive) -> IO[bytes]:
    """Return an archive's file, to be read from its beginning and closed by who asked."""
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - it outlives this function
    pieces = ArchivePiece.objects.filter(organization_id=one.organization_id, archive_id=one.id)
    for content in pieces.order_by("position").values_list("content", flat=True).iterator(1):
        file.write(content)
    file.seek(0)
    return file


@retention.expiring
def forget_expired(organization_id: UUID, at: datetime) -> int:
    """Delete archives whose day is over."""
    over = Archive.objects.filter(organization_id=organization_id, expires_at__lte=at)
    ids = list(over.values_list("id", flat=True))
    ArchivePiece.objects.filter(organization_id=organization_id, archive_id__in=ids).delete()
    gone, _kinds = over.delete()
    return gone
