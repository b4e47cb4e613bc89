"""Whatever happens to the processes, the servers and Stripe, the mirror ends as an undisturbed one does."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import serving
from tests.conftest import TODAY
from tests.processes import Worker
from tests.servers import Servers
from tests.soak import sized

NAMES = ("Acme", "Umbrella")
CUSTOMERS, KILLS = sized(60, 2_400), sized(3, 200)
FLUSHES, RESTARTS = sized(1, 5), sized(1, 5)
PATIENCE_SECONDS = sized(150, 900)
PAGES = "SELECT coalesce(sum(pages_done), 0) FROM billing_sync_listrange"
IMPORTED = "SELECT 1 FROM billing_sync_connection WHERE state = 'live'"
DONE = """
    SELECT 1 FROM billing_sync_connection c JOIN billing_sync_synccursor p
        ON p.connection_id = c.id AND p.resource = 'event_poll'
    WHERE c.state = 'live' AND p.started_at > now() - interval '4 seconds' AND p.state = 'waiting'
        AND NOT EXISTS (SELECT FROM billing_sync_event WHERE applied_at IS NULL)
        AND NOT EXISTS (SELECT FROM billing_sync_listrange WHERE state IN ('waiting', 'reading'))
        AND NOT EXISTS (SELECT FROM accounts_job WHERE kind = 'backfill' AND state <> 'done')
"""
# The storm moves the clock on, and Stripe lists events of 30 days: a later reading finds fewer old ones.
EVENTS = """
    SELECT e.stripe_id, e.created_at, e.deleted_at, e.api_version, e.payload, e.type
    FROM billing_sync_event e JOIN accounts_organization o ON o.id = e.organization_id
    WHERE o.slug = '{slug}'
"""
LOST = f"{EVENTS.format(slug='umbrella')} EXCEPT {EVENTS.format(slug='acme')}"
ADDED = f"{EVENTS.format(slug='acme')} EXCEPT {EVENTS.format(slug='umbrella')}"
OLDEST = f"SELECT min(created_at) FROM ({EVENTS.format(slug='umbrella')}) AS listed"
UNFINISHED = "SELECT kind, key, state, attempts, last_error FROM accounts_job WHERE state <> 'done'"
# Stripe's clock is minutes ahead of ours from the beginning to the end.
CALM = Faults(skew=240)
STORM = Faults(
    latency=20,
    rate_limit=15,
    error=20,
    lock_timeout=10,
    burst=10,
    burst_every=150,
    cut=15,
    hang=15,
    hang_ms=2_500,
    skew=CALM.skew,
    drift=20,
    seed=5,
)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with Servers(tmp_path) as running:
        owned = [f"create_organization {name} --owner {name.lower()}@example.com" for name in NAMES]
        running.manage("migrate --verbosity 0", *owned)
        yield running


def until(true: Callable[[], object], servers: Servers, worker: Worker) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{servers.ask(UNFINISHED)} {worker.text()}"
        time.sleep(0.02)


def facts(servers: Servers) -> tuple[list[str], list[str]]:
    """Return both mirrors' digests but that of the event log, which `no_event_lost` compares."""
    lines = servers.manage(*(f"digest {name.lower()}" for name in NAMES)).splitlines()
    kept = [line for line in lines if line.startswith("billing_sync_") and "billing_sync_event " not in line]
    return kept[: len(kept) // 2], kept[len(kept) // 2 :]


def no_event_lost(servers: Servers) -> bool:
    """Say whether the disturbed log holds all that a later reading found, and beyond that only older ones."""
    oldest = servers.ask(OLDEST)[0][0]
    return not servers.ask(LOST) and all(event[1] < oldest for event in servers.ask(ADDED))


def moved(servers: Servers, reached: list[tuple[object, ...]]) -> bool:
    """Say whether another page was read, or none is left to read."""
    return servers.ask(PAGES) != reached or bool(servers.ask(IMPORTED))


def disturb(servers: Servers, worker: Worker) -> None:
    """Kill the worker again and again while it reads, and now and then empty Redis or restart PostgreSQL.

    A small account may be read to its end before the last kill: that one meets the worker at its polling.
    """
    dice = random.Random(3)
    moments = random.Random(4).sample(range(KILLS), FLUSHES + RESTARTS)
    for number in range(KILLS):
        reached = servers.ask(PAGES)
        until(lambda: moved(servers, reached), servers, worker)  # noqa: B023 - called at once
        time.sleep(dice.uniform(0, 0.3))
        if number in moments[:FLUSHES]:
            servers.flush_redis()
        if number in moments[FLUSHES:]:
            servers.restart_postgres()
        worker.kill()
        worker.start()


@pytest.mark.soak
def test_kills_flushes_restarts_and_a_stormy_api_change_nothing(
    servers: Servers, record_property: Callable[[str, object], None]
) -> None:
    sandbox = Sandbox(generate(seed=11, size=CUSTOMERS, now=TODAY), faults=STORM)
    # An answer that hangs takes longer than that.
    worker = Worker({**servers.environment, "STRIPE_READ_SECONDS": "1"})
    with serving(sandbox) as base_url:
        worker.start()
        try:
            servers.manage(f"connect_stripe acme --api-key {FULL_KEY} --api-base {base_url}")
            disturb(servers, worker)
            until(lambda: servers.ask(IMPORTED), servers, worker)
            sandbox.misbehave(CALM)
            until(lambda: servers.ask(DONE), servers, worker)
        except BaseException:
            worker.kill()
            raise
        stuck = servers.ask("SELECT kind, last_error FROM accounts_job WHERE state = 'set_aside'")
        read = servers.ask("SELECT sum(objects_done), sum(pages_done) FROM billing_sync_listrange")
        hung = sandbox.statistics.shown()["statuses"].get("hung", 0)
        worker.stop()
        connect = f"connect_stripe umbrella --api-key {FULL_KEY} --api-base {base_url}"
        servers.manage(connect, "sync umbrella")
    assert stuck == []
    assert hung > 0
    disturbed, calm = facts(servers)
    assert disturbed == calm != []
    assert no_event_lost(servers)
    assert (servers.flushes, servers.restarts) == (FLUSHES, RESTARTS)
    for name, value in zip(("objects", "pages"), read[0], strict=True):
        record_property(name, int(value))
    record_property("answers that hung", hung)
    record_property("kills", KILLS)
    record_property("flushes of Redis", FLUSHES)
    record_property("restarts of PostgreSQL", RESTARTS)
