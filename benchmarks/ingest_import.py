"""The import that `ingest` times, in this process alone: where the account is served, and at what rate."""

import os
import resource
import sys
import time
from uuid import uuid4

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from benchmarks import usage  # noqa: E402
from benchmarks.processes import manage  # noqa: E402
from billing_sync import backfill  # noqa: E402
from billing_sync.connecting import connect  # noqa: E402
from billing_sync.jobs import check_connection  # noqa: E402
from billing_sync.metering import metered  # noqa: E402
from billing_sync.models import Connection, Invoice  # noqa: E402
from billing_sync.sandbox.keys import LIVE_KEY  # noqa: E402


def main() -> None:
    """Import an account, in one lane, and say what it took."""
    base_url, rate = sys.argv[1], int(sys.argv[2])
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as database:
        postmaster = next(usage.family(database.info.backend_pid)).ppid()
    connection = connected(base_url)
    wall, own, theirs = time.monotonic(), time.process_time(), usage.cpu_seconds(postmaster)
    with metered() as meter:
        while not imported(connection):
            backfill.step(connection.organization_id, backfill.key_of(connection, 0))
    wall, own = time.monotonic() - wall, time.process_time() - own
    theirs = usage.cpu_seconds(postmaster) - theirs
    with tenant(connection.organization_id):
        count = Invoice.objects.count()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    used = f"{meter.requests / wall / rate:.0%}" if rate else "–"
    idle = f"{1 - own / wall:.0%}"
    cells = [f"{rate or 'any'}", f"{count:,}", f"{wall:.1f}", f"{own:.2f}", f"{count / own:,.0f}"]
    sys.stdout.write(f"| {' | '.join([*cells, f'{theirs:.2f}', used, idle, f'{memory} MB'])} |\n")


def connected(base_url: str) -> Connection:
    """Connect an organization of its own to an account, and check the key."""
    slug = f"ingest-{uuid4().hex[:8]}"
    manage("create_organization", slug, "--owner", f"{slug}@example.com", "--currency", "usd")
    organization = Organization.objects.get(slug=slug)
    connect(organization.id, api_key=LIVE_KEY, api_base=base_url)
    with tenant(organization.id):
        found = Connection.objects.get()
    check_connection(organization.id, str(found.id))
    return found


def imported(connection: Connection) -> bool:
    """Say whether everything is read."""
    with tenant(connection.organization_id):
        return Connection.objects.get(id=connection.id).imported_at is not None


if __name__ == "__main__":
    main()
