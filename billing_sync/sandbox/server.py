"""A threaded HTTP/1.1 server that keeps connections open, for one WSGI callable."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

from .app import Sandbox
from .clock import Clock
from .company import Company
from .exchange import Headers
from .faults import Faults
from .keys import Keys


class Handler(BaseHTTPRequestHandler):
    """Hand each request of a connection to the server's WSGI callable."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        """Answer a read."""
        self._answer()

    do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(length),
            "HTTP_AUTHORIZATION": self.headers.get("Authorization", ""),
            "HTTP_IDEMPOTENCY_KEY": self.headers.get("Idempotency-Key", ""),
            "HTTP_STRIPE_ACCOUNT": self.headers.get("Stripe-Account", ""),
            "HTTP_STRIPE_VERSION": self.headers.get("Stripe-Version", ""),
            "wsgi.input": io.BytesIO(sent),
        }
        head: list[str] = []

        def start(status: str, headers: Headers) -> None:
            head.append(f"HTTP/1.1 {status}")
            head.extend(f"{name}: {value}" for name, value in headers)

        for part in self.server.sandbox(environ, start):
            opening = "\r\n".join([*head, "", ""]).encode("latin-1") if head else b""
            head.clear()
            self.wfile.write(opening + part)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Serve a sandbox on the loopback interface, one thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.sandbox = sandbox

    @property
    def base_url(self) -> str:
        """Return the address to give as Stripe's API base."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client hang up without a word; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(
    company: Company,
    port: int = 0,
    keys: Keys | None = None,
    faults: Faults | None = None,
    running: bool = False,
) -> Iterator[str]:
    """Serve a company from a thread of this process, and give its base address."""
    sandbox = Sandbox(company, keys=keys, faults=faults, clock=Clock(company, running))
    with serving(sandbox, port) as base_url:
        yield base_url


@contextmanager
def serving(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """Serve a sandbox that the caller keeps at hand, and give its base address."""
    server = Server(sandbox, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        sandbox.courier.stop()
