"""Mail for an installation without a mail server: files in DATA_DIR/mail, links on the console."""

import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

LINK = re.compile(r"https?://\S+")


class FileBackend(BaseEmailBackend):
    """Write each message once, however often it is tried: its Message-ID names the file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        directory = Path(settings.DATA_DIR) / "mail"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            self._write(directory, message)
        return len(email_messages)

    def _write(self, directory: Path, message: EmailMessage) -> None:
        content = message.message()
        name = hashlib.sha256(str(content["Message-ID"]).encode()).hexdigest()[:24]
        draft = directory / f".{name}"
        draft.write_bytes(content.as_bytes())
        draft.replace(directory / f"{name}.eml")
        for link in LINK.findall(str(message.body)):
            print(f"Mail to {', '.join(message.to)}: {message.subject}\n  {link}", file=sys.stderr)  # noqa: T201
