"""Personal data in this app's own tables: messages that wait, and those that were written to files."""

from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings

from accounts.models import Outbox
from accounts.privacy import archives, people
from accounts.privacy.erasing import ErasedPayer, eraser
from accounts.privacy.models import Archive, ArchivePiece
from accounts.privacy.tables import export, keep_back

__all__ = ["archives", "people"]

export("accounts_auditentry", "accounts_retention")
keep_back("accounts_membership", "The archive's manifest names the members and their roles.")
keep_back("accounts_invitation", "A way in that was sent to somebody, and works here alone.")
keep_back("accounts_job", "Work of this installation, which begins again wherever the rows are.")
keep_back("accounts_outbox", "Messages that are sent, or will be, from here.")
keep_back("accounts_archive", "Archives themselves.")
keep_back("accounts_archivepiece", "Archives themselves.")


@eraser("accounts_outbox")
def compose_again(payer: ErasedPayer) -> int:
    """Forget the texts of messages that wait: they are composed again when they are sent."""
    waiting = Outbox.objects.filter(organization_id=payer.organization_id, sent_at=None, dropped="")
    return waiting.exclude(message=b"").update(message=b"")


@eraser("mail_files")
def delete_mail_files(payer: ErasedPayer) -> int:
    """Delete the files of messages that name her, where mail is written to files."""
    directory = Path(settings.DATA_DIR) / "mail"
    found = [file for file in directory.glob("*.eml") if payer.named_in(_text(file))]
    for file in found:
        file.unlink(missing_ok=True)
    return len(found)


def _text(file: Path) -> str:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    bodies = [str(part.get_content()) for part in parts if part is not None]
    return " ".join([str(message["Subject"]), *bodies])


@eraser("accounts_archive")
def delete_archives(payer: ErasedPayer) -> int:
    """Delete archives, those that are being made too: they are as things were when they were begun."""
    ArchivePiece.objects.filter(organization_id=payer.organization_id).delete()
    gone, _kinds = Archive.objects.filter(organization_id=payer.organization_id).delete()
    return gone
