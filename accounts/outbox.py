"""Messages to members: a row in the transaction that decides to send, delivered by a job.

A row is written once for each cause and recipient. Its text is composed at the first attempt, kept until
the mail server has taken it, and sent under one Message-ID: a crash between sending and recording repeats
that message at worst.
"""

import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from accounts import jobs
from accounts.mail import rebuild
from accounts.masking import masked_text
from accounts.members import members_of
from accounts.models import Membership, Organization, Outbox, SuspendedAddress, User
from accounts.redaction import describe
from accounts.tenancy import tenant
from config.clock import now

DELIVER = "deliver_outbox"
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
GIVE_UP = timedelta(days=3)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Message:
    """What a recipient reads, in both forms, and the headers that its kind needs.

    Addresses, telephone and card numbers in it are masked unless an organization lets e-mails name payers.
    """

    subject: str
    text: str
    html: str
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    names_payers: bool = False

    def parts(self) -> tuple[str, str, str]:
        """Return the subject and both forms."""
        return self.subject, self.text, self.html


Composer = Callable[[UUID, User, str], Message | None]
_composers: dict[str, Composer] = {}
Holder = Callable[[UUID, int], datetime | None]
_holders: list[Holder] = []
# A message that somebody has just asked for waits for no quiet hours.
ASKED_FOR = "test"


def composer(kind: str) -> Callable[[Composer], Composer]:
    """Register who writes messages of a kind: `(organization_id, recipient, key)`, None to send nothing."""

    def register(function: Composer) -> Composer:
        if _composers.setdefault(kind, function) is not function:
            raise ValueError(f"Two functions compose {kind!r}.")
        return function

    return register


def hold(function: Holder) -> Holder:
    """Register who may hold a message back: `(organization_id, recipient_id)`, until when, or None."""
    _holders.append(function)
    return function


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
        jobs.enqueue(organization_id, DELIVER, at=due_at)


def was_tried(organization_id: UUID, recipient: User, key: str) -> bool:
    """Tell whether a message was sent to someone, or may have been."""
    rows = Outbox.objects.filter(organization_id=organization_id, recipient=recipient, key=key)
    return rows.filter(attempts__gt=0).exists()


@jobs.handler(DELIVER)
def deliver(organization_id: UUID, key: str) -> jobs.Outcome:
    """Send the next message that is due, or come back when one is."""
    with tenant(organization_id):
        row = _waiting(organization_id).filter(due_at__lte=now()).first()
        if row is None:
            return _next(organization_id)
        if _over_limit(organization_id):
            return jobs.Later(now() + timedelta(hours=1))
        until = _held(row)
        if until is not None:
            _row(row).update(due_at=until)
            return jobs.MORE
    try:
        with tenant(organization_id):
            if not _prepare(row):
                return jobs.MORE
        rebuild(bytes(row.message)).send()
    except DatabaseError:
        raise
    except Exception as error:
        with tenant(organization_id):
            return _failed(row, error)
    with tenant(organization_id):
        _row(row).update(sent_at=timezone.now(), message=b"", last_error="")
    return jobs.MORE


def suspend(email: str, reason: str, detail: str) -> None:
    """Send nothing more to an address that bounced or complained, until somebody lifts it."""
    facts = {"reason": reason, "detail": detail[:500], "at": now()}
    SuspendedAddress.objects.update_or_create(email=email.lower(), defaults=facts)


def suspension(email: str) -> SuspendedAddress | None:
    """Return why nothing is sent to an address, None where mail is sent."""
    return SuspendedAddress.objects.filter(email=email.lower()).first()


def suspended_members(organization: Organization) -> list[SuspendedAddress]:
    """Return the addresses of an organization's members to which nothing is sent."""
    emails = [one.user.email.lower() for one in members_of(organization)]
    return list(SuspendedAddress.objects.filter(email__in=emails).order_by("email"))


def lift(email: str) -> None:
    """Send to an address again."""
    SuspendedAddress.objects.filter(email=email.lower()).delete()


def _prepare(row: Outbox) -> bool:
    """Compose a message that is still wanted; one that is not says why it was dropped."""
    recipient = row.recipient
    if recipient is None or not _is_member(row, recipient):
        return _drop(row, "not a member any more")
    if suspension(recipient.email):
        return _drop(row, "address suspended")
    if not row.message:
        message = _composers[row.kind](row.organization_id, recipient, row.key)
        if message is None:
            return _drop(row, "not wanted any more")
        row.message = _bytes(row, recipient, message)
    row.attempts += 1
    row.save(update_fields=["message", "attempts"])
    return True


def _bytes(row: Outbox, recipient: User, message: Message) -> bytes:
    headers = {
        "Message-ID": f"<{row.id}@{urlsplit(settings.BASE_URL).hostname}>",
        "Date": format_datetime(now()),
        "Auto-Submitted": "auto-generated",
        **message.headers,
    }
    subject, text, html = (_outward(part, recipient, message) for part in message.parts())
    made = EmailMultiAlternatives(
        subject,
        text,
        to=[recipient.email],
        headers=headers,
        reply_to=[message.reply_to] if message.reply_to else None,
    )
    made.attach_alternative(html, "text/html")
    return made.message().as_bytes()


def _outward(text: str, recipient: User, message: Message) -> str:
    """Return a text as it may leave: whoever composes it, payers are masked unless it says otherwise."""
    if message.names_payers:
        return text
    return masked_text(text, but=(recipient.email, message.reply_to))


def _held(row: Outbox) -> datetime | None:
    if row.recipient_id is None or row.kind == ASKED_FOR:
        return None
    waits = [function(row.organization_id, row.recipient_id) for function in _holders]
    return max((until for until in waits if until is not None), default=None)


def _is_member(row: Outbox, recipient: User) -> bool:
    if not recipient.is_active:
        return False
    return Membership.objects.filter(organization_id=row.organization_id, user=recipient).exists()


def _failed(row: Outbox, error: Exception) -> jobs.Outcome:
    """Try again later, or suspend an address that the server refuses for good.

    What cannot be composed or encoded waits alone; while no server answers, every message waits.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused | AnymailRecipientsRefused) and _refused(error):
        if row.recipient is not None:
            suspend(row.recipient.email, "bounced", describe(error))
        _drop(row, "address refused", describe(error))
        return jobs.MORE
    if timezone.now() - row.created_at > GIVE_UP:
        _drop(row, "given up", describe(error))
        return jobs.MORE
    due_at = now() + PAUSES[min(max(row.attempts, 1), len(PAUSES)) - 1]
    _row(row).update(due_at=due_at, last_error=describe(error))
    return jobs.Later(due_at) if _is_away(error) else jobs.MORE


def _is_away(error: Exception) -> bool:
    """Tell that no server took part, from a server's word on one message."""
    named = smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
    return isinstance(error, OSError) and not isinstance(error, named)


def _refused(error: Exception) -> bool:
    """Tell a refusal for good from the server's "not now"."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return True
    return all(code >= 500 for code, _ in error.recipients.values())


def _drop(row: Outbox, why: str, error: str = "") -> bool:
    _row(row).update(dropped=why, message=b"", last_error=error)
    return False


def _next(organization_id: UUID) -> jobs.Outcome:
    following = _waiting(organization_id).values_list("due_at", flat=True).first()
    return jobs.Later(following) if following else jobs.DONE


def _waiting(organization_id: UUID) -> QuerySet[Outbox]:
    rows = Outbox.objects.filter(organization_id=organization_id, sent_at=None, dropped="")
    return rows.select_related("recipient").order_by("due_at", "id")


def _over_limit(organization_id: UUID) -> bool:
    since = timezone.now() - DAY
    sent = Outbox.objects.filter(organization_id=organization_id, sent_at__gte=since)
    return sent.count() >= settings.MAIL_LIMIT_A_DAY


def _row(row: Outbox) -> QuerySet[Outbox]:
    return Outbox.objects.filter(organization_id=row.organization_id, id=row.id)
