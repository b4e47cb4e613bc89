"""Measure the road from a Stripe account to a month on the page: `python -m benchmarks [CUSTOMERS]`."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command

from config.embedded.attach import servers_for

CUSTOMERS = 500
AT = datetime(2026, 11, 15, 12, tzinfo=UTC)


def measured(what: str, work: Callable[[], object]) -> None:
    """Do something once and print how long it took; what it prints itself is dropped."""
    started = time.perf_counter()
    with redirect_stdout(StringIO()):
        work()
    sys.stdout.write(f"{what:<40} {time.perf_counter() - started:8.2f} s\n")
    sys.stdout.flush()


def measure(customers: int) -> None:
    """Walk the road once with one invented company."""
    from billing_sync.sandbox.company import generate  # noqa: PLC0415
    from billing_sync.sandbox.keys import FULL_KEY  # noqa: PLC0415
    from billing_sync.sandbox.server import serve  # noqa: PLC0415

    company = generate(seed="bench", size=customers, now=AT)
    call_command("migrate", verbosity=0)
    call_command("create_organization", "Bench", owner="bench@example.com", currency="usd")
    with serve(company) as base:
        call_command("connect_stripe", "bench", api_key=FULL_KEY, api_base=base)
        measured(f"sync of {customers} customers", lambda: call_command("sync", "bench"))
        measured("sync again, nothing new", lambda: call_command("sync", "bench"))
    measured("recompute everything", lambda: call_command("recompute", "bench"))
    measured("metrics of 36 months", lambda: call_command("metrics", "bench", months=36))


def main() -> None:
    """Use servers and a directory of the benchmark's own."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as directory:
        os.environ["DATA_DIR"] = str(Path(directory) / "data")
        with servers_for(["bench"]):
            django.setup()
            measure(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS)


if __name__ == "__main__":
    main()
