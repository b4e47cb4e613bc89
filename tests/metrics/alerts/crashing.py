"""A mail backend whose process dies now and then, before or after the server has taken a message."""

import random
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend


class Crash(BaseException):
    """The end of a process; nothing of ours may catch it."""


class CrashingBackend(EmailBackend):
    """Send as ever, or die before, or after."""

    dice = random.Random(0)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        fate = self.dice.randrange(4)
        if fate == 0:
            raise Crash
        sent = super().send_messages(email_messages)
        if fate == 1:
            raise Crash
        return sent
