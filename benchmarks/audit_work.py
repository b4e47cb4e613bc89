"""The audit that `audit` times, in a process of its own: what to do, and an organization's slug."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psutil  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from benchmarks import usage  # noqa: E402
from metrics.auditing.auditing import audit  # noqa: E402
from metrics.auditing.models import AuditRun  # noqa: E402
from metrics.auditing.snapshot import AT_ONCE, WORK_MEMORY_MB, fetch  # noqa: E402
from metrics.build import parts  # noqa: E402
from metrics.build.recompute import catch_up  # noqa: E402
from metrics.build.sources import alone  # noqa: E402
from metrics.models import Segment  # noqa: E402

TEMPORARY = "SELECT temp_files, temp_bytes FROM pg_stat_database WHERE datname = current_database()"
HEAD = "| audit | seconds | own CPU s | database CPU s | own MB | database MB | temporary MB | drift |"


def main() -> None:
    """Build from the history, or audit twice and say what that took."""
    what, slug = sys.argv[1:]
    organization = Organization.objects.get(slug=slug)
    if what == "build":
        with alone(organization.id):
            parts.begin(organization.id, from_history=True)
        catch_up(organization.id)
        return
    for line in audits(organization):
        sys.stdout.write(f"{line}\n")


def audits(organization: Organization) -> Iterator[str]:
    run, strange = AuditRun(), 0.0
    with tenant(organization.id):
        segments = Segment.objects.filter(organization_id=organization.id).count()
        postmaster = next(usage.family(fetch("SELECT pg_backend_pid()")[0][0])).ppid()
    yield f"{segments:,} segments; {AT_ONCE} connections with {WORK_MEMORY_MB} MB of work_mem each."
    yield from ("", HEAD, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    # Watching memory costs CPU of ours and of the database, so that is done in a run of its own.
    for name in ("memory", "time", "time again"):
        temporary = temporary_bytes()
        own, database = time.process_time(), usage.cpu_seconds(postmaster)
        begun, others = time.perf_counter(), usage.machine_seconds()
        with usage.Memory(postmaster) if name == "memory" else nullcontext() as server:
            run = audit(organization.id) or AuditRun()
        seconds = time.perf_counter() - begun
        own, database = time.process_time() - own, usage.cpu_seconds(postmaster) - database
        strange = usage.machine_seconds() - others - own - database
        yield (
            f"| {name} | {seconds:.2f} | {own:.2f} | {database:.2f} "
            f"| {psutil.Process().memory_info().rss / 2**20:.0f} | {peak(server)} "
            f"| {(temporary_bytes() - temporary) / 2**20:.0f} | {run.differences} |"
        )
    yield ""
    yield (
        f"{run.customers:,} customers and {run.rows:,} rows compared, under row level security, by the app "
        f"role; others used {strange:.1f} s of CPU meanwhile. The database's memory holds its shared buffers."
    )


def peak(server: usage.Memory | None) -> str:
    return "" if server is None else f"{server.together / 2**20:.0f}"


def temporary_bytes() -> int:
    """Return what the database has ever put aside in files; it counts when a connection ends."""
    connection.close()
    time.sleep(0.2)
    return int(fetch(TEMPORARY)[0][1])


if __name__ == "__main__":
    main()
