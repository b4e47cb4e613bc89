"""Files of rates, and a server that hands them out."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from uuid import UUID

from accounts.tenancy import tenant
from config import clock
from metrics import queries
from metrics.exchange.reading import read_rates
from metrics.exchange.storing import store

REFERENCE = b"""Date,USD,JPY,CYP,ISK,
2026-10-30,1.25,160.00,N/A,N/A,
2026-09-30,1.20,150.50,N/A,142.1,
"""


def zipped(content: bytes) -> bytes:
    """Return the archive in which the central bank sends its file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", content)
    return file.getvalue()


def stored(organization_id: UUID, content: bytes) -> int:
    """Store a file's rates for an organization; return how many were new or differed."""
    with tenant(organization_id):
        return store(organization_id, read_rates(content, queries.today(organization_id)))


def monthly(pair: str, **rates: str) -> bytes:
    """Return a CSV of month ends such as `aug="1.1"` for the year before the clock's month."""
    ends = {"jul": "2026-07-31", "aug": "2026-08-31", "sep": "2026-09-30", "oct": "2026-10-30"}
    ends["now"] = f"{clock.now():%Y-%m-%d}"
    base, quote = pair.split("/")
    lines = [f"{ends[name]},{base},{quote},{rate}" for name, rate in rates.items()]
    return "\n".join(["date,base,quote,rate", *lines, ""]).encode()


@contextmanager
def central_bank(content: bytes, status: int = 200, *, silent: bool = False) -> Iterator[str]:
    """Serve one file at an address; a silent server takes the question and never answers."""
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if silent:
                over.wait(10)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/eurofxref-hist.zip"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
