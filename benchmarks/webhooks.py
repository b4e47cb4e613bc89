"""A flood of webhooks, honest and forged, and the way of one change from Stripe to the numbers."""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.posting import Answers, post, signer
from benchmarks.processes import manage, sandbox, started, until, working
from billing_sync.sandbox.keys import FULL_KEY
from config.embedded.children import free_port, stop

SLUG, POSTS, RATE, CHANGES = "webhooks", 10_000, 500.0, 10
READY_SECONDS, PATIENCE_SECONDS, LOOK_SECONDS = 60, 60, 0.01
PADDING = "x" * 3_000
CONNECTION = "SELECT id FROM billing_sync_connection WHERE state = 'live'"
KEPT = "SELECT count(*) FROM billing_sync_webhookdelivery"
WAITING = f"{KEPT} WHERE processed_at IS NULL"
ACTIVE = "SELECT stripe_id FROM billing_sync_subscription WHERE status = 'active' ORDER BY stripe_id LIMIT 1"
SHOWN = (
    "SELECT coalesce(sum(new_micro + expansion_micro + reactivation_micro - contraction_micro "
    "- churn_micro), 0) FROM metrics_monthlyrevenue"
)
REST = "SELECT count(*) FROM accounts_job WHERE state = 'running' OR state = 'queued' AND next_at <= now()"
# Run by `manage.py shell`: a secret is stored encrypted, by the application alone.
ACCEPT = """
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from billing_sync.webhooks.endpoints import accept
organization = Organization.objects.get(slug={slug!r})
with tenant(organization.id):
    accept(Connection.objects.get(organization=organization), {secret!r})
"""


def report(given: argparse.Namespace) -> Iterator[str]:
    """Serve a company, let it change, then flood its connection; yield what was measured."""
    manage("migrate", "--verbosity", "0")
    manage("create_organization", SLUG, "--owner", "webhooks@example.com", "--currency", "usd")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-webhooks-")))
        database = stack.enter_context(psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True))
        base_url = stack.enter_context(sandbox(min(given.customers, 2_000)))
        manage("connect_stripe", SLUG, "--api-key", FULL_KEY, "--api-base", base_url)
        manage("sync", SLUG)
        address = stack.enter_context(web(directory))
        stack.enter_context(working(directory))
        url = f"{address}/webhooks/stripe/{one(database, CONNECTION)}/"
        wanted = {"url": url, "enabled_events": ["customer.subscription.updated"]}
        secret = told(base_url, "webhooks", wanted)["secret"]
        manage("shell", "-c", ACCEPT.format(slug=SLUG, secret=secret))
        yield from visible(database, base_url)
        yield from flood(database, url, secret)


def visible(database: "psycopg.Connection[Any]", base_url: str) -> Iterator[str]:
    """Change a subscription several times; yield how long each change took to reach the numbers."""
    subscription, took = one(database, ACTIVE), []
    for quantity in range(50, 50 + CHANGES):
        wait(lambda: one(database, REST) == 0)
        before, began = one(database, SHOWN), time.monotonic()
        changes = {"items": {"data": {"0": {"quantity": quantity}}}}
        given = {"kind": "subscription", "id": subscription, "changes": changes, "event": True}
        told(base_url, "alter", given)
        wait(lambda before=before: one(database, SHOWN) != before)  # type: ignore[misc]
        took.append(time.monotonic() - began)
    yield f"- From a change at Stripe to the numbers, {CHANGES} times: median "
    yield f"  {statistics.median(took):.2f} s, longest {max(took):.2f} s."


def flood(database: "psycopg.Connection[Any]", url: str, secret: str) -> Iterator[str]:
    """Post honest webhooks alone, then beside as many forged ones; yield how they were answered."""
    before = one(database, KEPT)
    alone = post(url, bodies(0), signer(secret), RATE)
    yield described("honest, alone", alone)
    with ThreadPoolExecutor(1) as beside:
        forged = beside.submit(post, url, bodies(2 * POSTS), signer("whsec_forged"), RATE)
        honest = post(url, bodies(POSTS), signer(secret), RATE)
        yield described("honest, beside forged", honest)
        yield described("forged", forged.result())
    lost = alone.statuses[200] + honest.statuses[200] - (one(database, KEPT) - before)
    began = time.monotonic()
    wait(lambda: one(database, WAITING) == 0)
    yield f"- Acknowledged and not kept: {lost}. All were processed {time.monotonic() - began:.1f} s after."


def described(name: str, found: Answers) -> str:
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(found.statuses.items()))
    p50, p99 = (found.percentile(share) * 1000 for share in (0.5, 0.99))
    return f"- {name}: {statuses} at {found.rate:.0f} a second; p50 {p50:.1f} ms, p99 {p99:.1f} ms."


def bodies(start: int) -> list[bytes]:
    """Return bodies of events, of ordinary size, about objects that are not mirrored."""
    return [
        json.dumps(
            {
                "id": f"evt_{number:012d}",
                "object": "event",
                "type": "payout.paid",
                "data": {"object": {"id": f"po_{number}", "object": "payout", "note": PADDING}},
            }
        ).encode()
        for number in range(start, start + POSTS)
    ]


@contextmanager
def web(directory: Path) -> Iterator[str]:
    """Run the web server as `manage.py up` does."""
    port, log = free_port(), directory / "web.log"
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
    where = ["--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "64"]
    process = started([*granian, *where, "config.wsgi:application"], log, PORT=str(port))
    try:
        until(lambda: ready(port), process, log, READY_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def ready(port: int) -> bool:
    """Say whether the web server answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        return bool(answer.read())
    return False


def told(base_url: str, name: str, given: object) -> Any:
    """Tell the sandbox something and return its answer."""
    request = urllib.request.Request(f"{base_url}/_sandbox/{name}", json.dumps(given).encode())  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read())


def one(database: "psycopg.Connection[Any]", statement: str) -> Any:
    row = database.execute(statement).fetchone()
    return row[0] if row else None


def wait(true: Callable[[], bool]) -> None:
    """Wait for something; give up after a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError("It did not happen within a minute.")
        time.sleep(LOOK_SECONDS)
