"""The import that `ingest` watches: by a worker and a beat as they run, and who waits for whom meanwhile."""

import math
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg

from benchmarks import usage, watched
from benchmarks.processes import manage, working
from billing_sync.limits import LIVE
from billing_sync.sandbox.keys import LIVE_KEY

LOOK_SECONDS = 0.2
PAGE = 100
BEGAN = (
    "SELECT extract(epoch FROM min(started_at))::float FROM billing_sync_synccursor WHERE connection_id = %s"
)
ENDED = "SELECT extract(epoch FROM imported_at)::float FROM billing_sync_connection WHERE id = %s"
READ = "SELECT objects_done FROM billing_sync_synccursor WHERE connection_id = %s AND objects_done > 0"
NEWEST = "SELECT id FROM billing_sync_connection ORDER BY created_at DESC LIMIT 1"
FAILED = "SELECT kind || ': ' || last_error FROM accounts_job WHERE state = 'set_aside'"


class Import(NamedTuple):
    """What an import took: seconds by the clock and of CPU, looks at its processes, bytes at the peak."""

    lists: tuple[int, ...]
    seconds: float
    own: float
    looks: dict[str, int]
    together: int
    largest: int

    @property
    def objects(self) -> int:
        return sum(self.lists)

    @property
    def least_seconds(self) -> float:
        """Return what Stripe's limits alone allow: so many requests to one list, and to all, a second."""
        requests = [math.ceil(count / PAGE) for count in self.lists]
        return max(max(requests) / LIVE.each, sum(requests) / LIVE.in_all)

    def share(self, state: str) -> float:
        """Return the share of the looks at working processes that found this state."""
        return self.looks.get(state, 0) / max(1, sum(self.looks.values()))


def main() -> None:
    """Import an account by so many processes, and say what it took."""
    base_url, processes, limited = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "limited"
    found = imported(base_url, processes)
    cells = [
        "Stripe's" if limited else "none",
        f"{len(found.lists)}",
        f"{processes}",
        f"{found.objects:,}",
        f"{found.seconds:.1f}",
        f"{found.objects / found.seconds:,.0f}",
        f"{found.least_seconds / found.seconds:.0%}" if limited else "–",
        f"{found.share(watched.API):.0%}",
        f"{found.share(watched.DATABASE):.0%}",
        f"{found.own:.1f}",
        f"{found.objects / found.own:,.0f}",
        f"{found.together / 2**20:.0f} MB",
        f"{found.largest / 2**20:.0f} MB",
    ]
    sys.stdout.write(f"| {' | '.join(cells)} |\n")


def imported(base_url: str, processes: int) -> Import:
    """Connect an organization of its own to an account while a worker runs, and watch it import."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-watched-")))
        database = stack.enter_context(psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True))
        # What other measurements left to be done is not part of this one.
        database.execute("UPDATE billing_sync_connection SET state = 'revoked'")
        database.execute("DELETE FROM accounts_job")
        slug = f"ingest-{uuid4().hex[:8]}"
        manage("create_organization", slug, "--owner", f"{slug}@example.com", "--currency", "usd")
        worker = stack.enter_context(working(directory, processes))
        memory = stack.enter_context(usage.Memory(worker.pid))
        own = usage.cpu_seconds(worker.pid)
        manage("connect_stripe", slug, "--api-key", LIVE_KEY, "--api-base", base_url)
        connection = one(database, NEWEST)
        while (ended := one(database, ENDED, connection)) is None:
            if worker.poll() is not None or database.execute(FAILED).fetchone():
                raise RuntimeError(f"The worker failed: {database.execute(FAILED).fetchall()}")
            time.sleep(LOOK_SECONDS)
        own = usage.cpu_seconds(worker.pid) - own
        looks, together, largest = watched.looks(directory), memory.together, memory.largest
        lists = tuple(count for (count,) in database.execute(READ, [connection]))
        seconds = ended - one(database, BEGAN, connection)
    return Import(lists, seconds, own, dict(looks), together, largest)


def one(database: "psycopg.Connection[Any]", statement: str, *values: Any) -> Any:
    """Return a statement's only value, None where there is no row."""
    row = database.execute(statement, values).fetchone()
    return row[0] if row else None


if __name__ == "__main__":
    main()
