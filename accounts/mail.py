"""Messages to a person about her account: kept in the transaction that decides on them, sent by a job."""

import smtplib
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils import timezone

from accounts.jobs import DONE, Later, Outcome, enqueue, handler
from accounts.models import AccountMail
from config.clock import now

RETRY = timedelta(minutes=1)
KEPT_HEADERS = ("Message-ID", "Date", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post")
GIVE_UP = timedelta(days=1)


def post(message: EmailMessage) -> None:
    """Keep a message and ask for its delivery, once the transaction in progress commits."""
    mail = AccountMail()
    message.extra_headers["Message-ID"] = f"<{mail.id}@{urlsplit(settings.BASE_URL).hostname}>"
    message.extra_headers["Date"] = format_datetime(now())
    mail.message = message.message().as_bytes()
    mail.save()
    enqueue(None, "send_account_mail", str(mail.id))


@handler("send_account_mail")
def send_account_mail(organization_id: UUID | None, key: str) -> Outcome:
    """Deliver one message, then forget its text: it may carry a link that signs someone in."""
    mail = AccountMail.objects.filter(id=key, sent_at=None).first()
    if mail is None:
        return DONE
    try:
        rebuild(bytes(mail.message)).send()
    except OSError as error:
        if not is_passing(error) or timezone.now() - mail.created_at > GIVE_UP:
            raise
        return Later(now() + RETRY)
    AccountMail.objects.filter(id=mail.id).update(sent_at=timezone.now(), message=b"")
    return DONE


def is_passing(error: OSError) -> bool:
    """Say whether a later try may succeed: no connection, or the server's own "not now" (4xx)."""
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPConnectError):
        return 400 <= error.smtp_code < 500
    return not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPNotSupportedError)


def rebuild(data: bytes) -> EmailMessage:
    """Return a message that Django's mail backends can send, with the Message-ID it was kept under."""
    parsed = message_from_bytes(data, policy=policy.default)
    message = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=_text(parsed, "plain"),
        from_email=str(parsed["From"]),
        to=[str(parsed["To"])],
        headers={name: str(parsed[name]) for name in KEPT_HEADERS if parsed[name]},
        reply_to=[str(parsed["Reply-To"])] if parsed["Reply-To"] else None,
    )
    if html := _text(parsed, "html"):
        message.attach_alternative(html, "text/html")
    return message


def _text(parsed: ParsedMessage, subtype: str) -> str:
    part = parsed.get_body((subtype,))
    return str(part.get_content()) if part else ""
