"""A real mail server on loopback that keeps what it accepts."""

from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import create_server

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """A mail server that keeps what it accepts.

    It answers messages with the given codes first, refuses some addresses, and may hang, or die, after
    it has read a message.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}
        self.messages: list[EmailMessage] = []
        self.tries = 0
        self.hang = False
        self.die = False

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.tries += 1
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        if self.hang:
            await server.loop.create_future()
        self.messages.append(message_from_bytes(content, policy=policy.default))
        if self.die:
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return "250 OK"


@contextmanager
def serving() -> Iterator[Inbox]:
    """Serve an inbox on a free port."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Inbox(port)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
