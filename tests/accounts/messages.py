"""Read the mail that an installation without a mail server writes."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from accounts import jobs


def delivered(to: str) -> list[EmailMessage]:
    """Deliver what waits, and return the messages to an address, the oldest first."""
    jobs.run_until_idle(None)
    files = sorted((Path(settings.DATA_DIR) / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    return [message for message in found if message["To"] == to]


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link(to: str) -> str:
    """Return the path of the first link in the last message to an address."""
    found = re.search(r"http://localhost:8000(/\S+/\S*)", text(delivered(to)[-1]))
    assert found is not None
    return found[1]
