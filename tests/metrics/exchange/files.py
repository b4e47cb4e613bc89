"""Files of rates, and a server that hands them out."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Event, Thread
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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


# The first line of the bank's own file; the currencies that are no more say N/A.
HEADING = (
    "Date,USD,JPY,BGN,CYP,CZK,DKK,EEK,GBP,HUF,LTL,LVL,MTL,PLN,ROL,RON,SEK,SIT,SKK,CHF,ISK,NOK,HRK,RUB,TRL,TRY,"
    "AUD,BRL,CAD,CNY,HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR,"
)
PUBLISHED = HEADING.split(",")[1:-1]
GONE = frozenset({"BGN", "CYP", "EEK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "HRK", "RUB", "TRL"})


def published(last: date, days: int) -> bytes:
    """Return a file as the bank publishes it: working days, newest first, a comma at each line's end."""
    working = (
        last - timedelta(days=back) for back in range(2 * days) if (last - timedelta(days=back)).weekday() < 5
    )
    lines = [
        ",".join(
            [
                str(on),
                *("N/A" if code in GONE else f"1.{on:%d}{at:02}" for at, code in enumerate(PUBLISHED)),
                "",
            ]
        )
        for on in islice(working, days)
    ]
    return "\n".join([HEADING, *lines, ""]).encode()


def certified(directory: Path) -> tuple[Path, SSLContext]:
    """Return the certificate of a local server, and what the server speaks TLS with."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = directory / "bank.crt", directory / "bank.key"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context


@contextmanager
def central_bank(
    content: bytes, status: int = 200, *, silent: bool = False, tls: SSLContext | None = None
) -> Iterator[str]:
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
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_port}/eurofxref-hist.zip"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
