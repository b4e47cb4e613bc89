"""Objects of an account's lists, from the bytes of a page to rows: each stage, the whole, and the waiting."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks.dictionary import listed
from benchmarks.processes import manage, sandbox
from billing_sync.sandbox.keys import LIVE_KEY
from config.embedded.children import dies_with_parent, stop

CUSTOMERS, PAGES, BYTES = 300, 20, 4_000
# With and without limits on requests: the whole way at full speed, then as Stripe permits it.
ROUNDS = ((40_000, 0), (40_000, 25), (40_000, 100))
# Lists of so many objects each, read by a worker of so many processes, within Stripe's limits or without.
WATCHED = (
    (1, 100_000, 2, "limited"),
    (4, 100_000, 2, "limited"),
    (1, 200_000, 1, "free"),
    (1, 200_000, 2, "free"),
)
OTHERS = ("charges", "invoice_payments", "balance_transactions")
UNLIMITED = 1_000_000
HEAD = (
    "| requests a second | objects | seconds | own CPU | objects per CPU second | database CPU "
    "| of the rate permitted | without our CPU | memory |"
)
WATCHED_HEAD = (
    "| limits | lists | processes | objects | seconds | objects a second | of the rate permitted "
    "| waits for the API | waits for the database | own CPU | objects per CPU second | memory "
    "| largest process |"
)


def report(given: argparse.Namespace) -> Iterator[str]:
    """Record invoices of a sandbox, serve them again, and yield what taking them in costs."""
    manage("migrate", "--verbosity", "0")
    with tempfile.TemporaryDirectory(prefix="millrace-recorded-") as directory:
        file = Path(directory) / "invoices"
        with sandbox(CUSTOMERS) as base_url:
            invoices = [*recorded(base_url)]
            file.write_bytes(b"\n".join(invoices))
            every = Path(directory) / "every"
            others = (text for name in OTHERS for text in listed(base_url, name, PAGES))
            every.write_bytes(b"\n".join([*invoices, *map(compact, others)]))
        yield from worked("stages", file, 5_000, 0)
        yield ""
        yield HEAD
        yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        for count, rate in ROUNDS:
            yield from worked("import", file, count, rate)
        yield ""
        yield WATCHED_HEAD
        yield f"| {' | '.join(['---:'] * 13)} |"
        for lists, count, processes, limits in WATCHED:
            yield from watched(file if lists == 1 else every, count, processes, limits)


def recorded(base_url: str) -> Iterator[bytes]:
    """Yield a sandbox's account, then its invoices of one line, as large as Stripe's usually are."""
    with closing(HTTPConnection(urlsplit(base_url).netloc)) as connection:
        connection.request("GET", "/v1/account", headers={"Authorization": f"Bearer {LIVE_KEY}"})
        yield compact(connection.getresponse().read())
    for text in listed(base_url, "invoices", PAGES):
        value = msgspec.json.decode(text)
        if len(value["lines"]["data"]) == 1:
            # The addresses of an invoice's pages are long.
            missing = max(0, BYTES - len(text))
            value["hosted_invoice_url"] = f"https://invoice.stripe.com/i/{'Y' * (missing // 2)}"
            value["invoice_pdf"] = f"https://pay.stripe.com/invoice/{'Z' * (missing // 2)}"
            yield msgspec.json.encode(value)


def compact(text: bytes) -> bytes:
    """Return a JSON text in one line."""
    return msgspec.json.encode(msgspec.json.decode(text))


def worked(what: str, file: Path, count: int, rate: int) -> list[str]:
    """Return what a process of its own says of its work on so many invoices."""
    with serving(file, count, late=bool(rate)) as port:
        return said(what, port, str(rate), STRIPE_REQUESTS_PER_SECOND=str(rate or UNLIMITED))


def watched(file: Path, count: int, processes: int, limits: str) -> list[str]:
    """Return what is said of a worker's import, within Stripe's limits and as late as Stripe or at once."""
    free = limits == "free"
    rate = {"STRIPE_REQUESTS_PER_SECOND": str(UNLIMITED)} if free else {}
    with serving(file, count, late=not free) as port:
        return said("worker", port, str(processes), limits, DJANGO_SETTINGS_MODULE="config.settings", **rate)


def said(what: str, port: int, *arguments: str, **environment: str) -> list[str]:
    """Run a module of this benchmark on what is served at a port, and return the lines it prints."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", f"benchmarks.ingest_{what}", f"http://127.0.0.1:{port}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()


@contextmanager
def serving(file: Path, count: int, *, late: bool) -> Iterator[int]:
    """Serve recorded invoices from a process of its own, at once or as late as Stripe; give the port."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.recorded",
        str(file),
        str(count),
        *(["late"] if late else []),
    ]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, preexec_fn=dies_with_parent(9)
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        stop(process)
