"""Measure how large an account the sandbox serves: `python -m benchmarks.sandbox_scale [N] [BUSINESS]`."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
import psutil

from billing_sync.sandbox.keys import FULL_KEY

PROJECT = Path(__file__).parents[1]
CUSTOMERS = 20_000
AT = "2026-11-15T12:00:00Z"
PAGES = 100
# CPU is counted in these: a short list may take none.
TICK = 0.01
READ: dict[str, dict[str, object]] = {
    "customers": {},
    "subscriptions": {"status": "all", "expand[]": ["data.discounts", "data.items.data.discounts"]},
    "invoices": {"expand[]": ["data.discounts"]},
    "invoiceitems": {},
    "invoice_payments": {},
    "payment_intents": {},
    "charges": {},
    "balance_transactions": {},
    "events": {},
}


@dataclass(frozen=True, slots=True)
class Served:
    """Hold how fast one list was read, and what it cost the sandbox in time of one core."""

    objects: int
    pages: int
    seconds: float
    cpu_seconds: float


@dataclass(slots=True)
class Scale:
    """Hold what a sandbox of one size needs; memory is the most that its process held at any time."""

    customers: int
    started_seconds: float
    started_cpu_seconds: float
    memory_mb: int = 0
    lists: dict[str, Served] = field(default_factory=dict)
    totals_seconds: float = 0

    @property
    def pages_per_second(self) -> float:
        """Return how many pages of its slowest list a core serves in a second."""
        full = [one for one in self.lists.values() if one.objects == 100 * PAGES]
        return min((one.pages / one.cpu_seconds for one in full), default=0)


class Page(msgspec.Struct):
    """Hold what reading on needs."""

    data: list["Listed"]
    has_more: bool


class Listed(msgspec.Struct):
    """Hold an object's id."""

    id: str


PAGE = msgspec.json.Decoder(Page)


def sandbox_scale(customers: int, business: str = "busy") -> Scale:
    """Start a sandbox in a process of its own, read its lists newest first, and ask for its totals."""
    begun = time.perf_counter()
    with _sandbox(customers, business) as (process, base):
        found = Scale(customers, time.perf_counter() - begun, _cpu(process.pid))
        with closing(HTTPConnection(urlsplit(base).netloc)) as connection:
            for name, values in READ.items():
                before = _cpu(process.pid)
                pages, objects, seconds = _walked(connection, name, dict(values))
                found.lists[name] = Served(objects, pages, seconds, max(_cpu(process.pid) - before, TICK))
            begun = time.perf_counter()
            _read(connection, "/_sandbox/totals")
            found.totals_seconds = time.perf_counter() - begun
        found.memory_mb = _most_memory(process.pid)
    return found


@contextmanager
def _sandbox(customers: int, business: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    asked = ["--port", "0", "--customers", str(customers), "--seed", "scale", "--business", business]
    process = subprocess.Popen(  # noqa: S603 - this project's own command
        [sys.executable, "manage.py", "sandbox", *asked, "--now", AT],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    with process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            address = re.search(r"http://\S+", said)
            if address is None:
                raise RuntimeError(f"the sandbox did not start: {said}")
            yield process, address.group()
        finally:
            process.terminate()


def _walked(connection: HTTPConnection, name: str, values: dict[str, object]) -> tuple[int, int, float]:
    objects, pages, begun = 0, 0, time.perf_counter()
    while pages < PAGES:
        query = urlencode({"limit": 100, **values}, doseq=True)
        page = PAGE.decode(_read(connection, f"/v1/{name}?{query}"))
        objects, pages = objects + len(page.data), pages + 1
        if not page.has_more:
            break
        values["starting_after"] = page.data[-1].id
    return pages, objects, time.perf_counter() - begun


def _read(connection: HTTPConnection, address: str) -> bytes:
    connection.request("GET", address, headers={"Authorization": f"Bearer {FULL_KEY}"})
    return connection.getresponse().read()


def _cpu(process: int) -> float:
    """Return the time of one core that a process and those it waited for have used."""
    spent = psutil.Process(process).cpu_times()
    return float(spent.user + spent.system + spent.children_user + spent.children_system)


def _most_memory(process: int) -> int:
    status = Path(f"/proc/{process}/status")
    if status.exists():
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if peak is not None:
            return int(peak.group(1)) // 1_024
    return int(psutil.Process(process).memory_info().rss) >> 20


def told(found: Scale) -> Iterator[str]:
    """Yield what a sandbox of one size needs, in words."""
    yield f"sandbox of {found.customers} customers"
    started = f"{found.started_seconds:10.1f} s, {found.started_cpu_seconds:.1f} s of one core"
    yield f"  ready after            {started}"
    yield f"  most memory            {found.memory_mb:10d} MB"
    yield f"  totals                 {found.totals_seconds:10.1f} s"
    for name, one in found.lists.items():
        yield (
            f"  {name:<22} {one.objects / one.seconds:10.0f} objects/s "
            f"{one.objects / one.cpu_seconds:10.0f} objects/s of one core"
        )


def main(arguments: list[str]) -> None:
    """Print what a sandbox of one size needs."""
    customers = int(arguments[0]) if arguments else CUSTOMERS
    sys.stdout.writelines(f"{line}\n" for line in told(sandbox_scale(customers, *arguments[1:2])))


if __name__ == "__main__":
    main(sys.argv[1:])
