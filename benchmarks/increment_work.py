"""The changes that `increment` times, in a process of their own: an organization, a sandbox's address."""

import json
import os
import sys
import time
import urllib.request
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection as database  # noqa: E402

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from benchmarks.increment_beside import (  # noqa: E402
    PROCESSES,
    Spent,
    drained,
    processes,
    side_by_side,
)
from benchmarks.increment_payers import described, renewals  # noqa: E402
from billing_sync import fetching  # noqa: E402
from billing_sync.models import Connection, Subscription  # noqa: E402
from billing_sync.payload import read_payload, write_payload  # noqa: E402
from billing_sync.sandbox.keys import LIVE_KEY  # noqa: E402
from billing_sync.webhooks import deliveries, keeping  # noqa: E402
from config.clock import now  # noqa: E402
from metrics.build.increment import MARKS_AT_ONCE, increment  # noqa: E402
from metrics.build.recompute import advance, mark  # noqa: E402

SINGLES, WEBHOOKS, ROUNDS, WARM = 300, 60, 5, 10
BATCHES = (1, 10, 100, 500)
# Few enough that two have several turns each.
SHARED = 25
HEADING = (
    "| payers marked | at once | processes | payers a second | own CPU µs each | database CPU µs each "
    "| as events of renewals a second |"
)
ALIVE = {"status": "active", "canceled_at": None, "ended_at": None}
BARE = "UPDATE metrics_currentbuild SET edition = edition WHERE organization_id = %s"


class Clock:
    """Times of stages: wall, our own CPU, and that of our backend of PostgreSQL."""

    def __init__(self) -> None:
        self.taken: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        self.waited = 0.0
        with tenant(organization.id), database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.backend = int(cursor.fetchone()[0])

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, less what it waits for the API."""
        theirs, self.waited = _cpu_of(self.backend), 0.0
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        seconds, ours = time.perf_counter() - wall - self.waited, time.process_time() - cpu
        self.taken[name].append((seconds, ours, _cpu_of(self.backend) - theirs))

    def line(self, name: str) -> str:
        """Return a row of the report, without the first runs."""
        kept = self.taken[name][min(WARM, len(self.taken[name]) // 2) :]
        walls = sorted(1_000 * wall for wall, *_ in kept)
        p50, p99 = (walls[min(len(walls) - 1, int(len(walls) * share))] for share in (0.5, 0.99))
        ours = sorted(1_000 * cpu for _, cpu, _ in kept)[len(kept) // 2]
        theirs = 1_000 * sum(cpu for *_, cpu in kept) / len(kept)
        return f"| {name} | {len(kept)} | {p50:.2f} | {p99:.2f} | {ours:.2f} | {theirs:.2f} |"


def main() -> None:
    """Send webhooks through every stage, then change payers one by one and in batches; each moves MRR."""
    clock = Clock()
    _drain()
    webhooks(clock)
    singles(clock)
    sys.stdout.write("| stage | runs | p50 ms | p99 ms | own CPU ms | database CPU ms |\n")
    sys.stdout.write("| --- | ---: | ---: | ---: | ---: | ---: |\n")
    for name in clock.taken:
        sys.stdout.write(clock.line(name) + "\n")
    for line in batches():
        sys.stdout.write(line + "\n")


def webhooks(clock: Clock) -> None:
    """End subscriptions at Stripe and take each end from its verified body to the tables."""
    fetching._look = _timed(fetching._look, clock)
    for place in range(WEBHOOKS):
        subscription_id, _ = alive[place % len(alive)]
        _tell("alter", {"kind": "subscription", "id": subscription_id, "changes": ended()})
        body = _event(subscription_id)
        posted = keeping.Posted((organization.id, account.id), f"evt_{uuid.uuid4().hex}", body, now())
        with clock.stage("webhook kept"):
            keeping.write([posted], posted.owner, ask=True)
        with clock.stage("webhook processed: object stored, payer marked"):
            deliveries.step(organization.id, account.id)
        with clock.stage("recompute job's step: what is due found, then computed"):
            advance(organization.id)
    stages = zip(*clock.taken.values(), strict=True)
    clock.taken["**from verified webhook to committed tables**"] = [
        (sum(wall), sum(cpu), sum(theirs))
        for wall, cpu, theirs in (zip(*each, strict=True) for each in stages)
    ]


def singles(clock: Clock) -> None:
    """Compute payers one after another, each changed; and a bare write beside each."""
    for place in range(SINGLES):
        change([alive[place % len(alive)]])
        with clock.stage("increment: one changed payer"):
            increment(organization.id)
        with clock.stage("a bare write of one row, committed"):
            _write_bare()


def batches() -> Iterator[str]:
    """Compute batches of changed payers, by one process and by two; yield what payers are, and the rows."""
    payers = sorted({customer for _, customer in alive})
    with tenant(organization.id):
        told, renewed = described(organization.id, payers), renewals(organization.id, payers)
    together = renewed.together
    yield from ("", told, "")
    yield f"A renewal writes {renewed.events} events, {together} of them within one second (the middle one of"
    yield f"{renewed.counted} in the log). Marks of a payer that wait together are computed once, so the last"
    yield f"column says how many events that is where each payer changes by the {together} of such a second."
    yield "Computing alone is timed here: neither taking in events nor fetching what they name."
    yield ""
    yield HEADING
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for size in BATCHES:
        yield _row(size, MARKS_AT_ONCE, together, lambda at_once: drained(organization.id, at_once))
    yield _row(len(alive), SHARED, together, lambda at_once: drained(organization.id, at_once))
    with processes() as started:
        side = partial(side_by_side, started, organization.id)
        # What they do for the first time is not for the report.
        _row(len(alive), SHARED, together, side)
        yield _row(len(alive), SHARED, together, side, PROCESSES)


def _row(size: int, at_once: int, events: int, work: Callable[[int], Spent], by: int = 1) -> str:
    """Change some payers, and time their computing, some times over; return a row of the report."""
    wall = cpu = theirs = 0.0
    done = 0
    for turn in range(ROUNDS * (10 if size < 100 else 1)):
        some = [alive[(turn * size + place) % len(alive)] for place in range(min(size, len(alive)))]
        change(some)
        spent = work(at_once)
        wall, cpu, theirs = wall + spent.ended - spent.began, cpu + spent.ours, theirs + spent.theirs
        done += len({customer for _, customer in some})
    rate, marked = done / wall, done // (turn + 1)
    each = f"{1e6 * cpu / done:.0f} | {1e6 * theirs / done:.0f}"
    return f"| {marked} | {min(at_once, marked)} | {by} | {rate:,.0f} | {each} | {rate * events:,.0f} |"


def change(some: list[tuple[str, str]]) -> None:
    """End subscriptions in the mirror, or take their end back, which moves MRR today; mark their payers."""
    with tenant(organization.id):
        rows = list(Subscription.objects.filter(stripe_id__in=[name for name, _ in some]))
        for row in rows:
            value = read_payload(row.payload)
            value |= ended() if value["ended_at"] is None else ALIVE
            row.status, row.payload = value["status"], write_payload(value)
        Subscription.objects.bulk_update(rows, ["status", "payload"])
        mark(organization.id, {(account.id, customer) for _, customer in some})


def ended() -> dict[str, Any]:
    """Return what an ended subscription has otherwise."""
    at = int(now().timestamp())
    return {"status": "canceled", "canceled_at": at, "ended_at": at}


def _cpu_of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _write_bare() -> None:
    with tenant(organization.id), database.cursor() as cursor:
        cursor.execute(BARE, [organization.id])


def _drain() -> None:
    while increment(organization.id):
        pass


def _timed(look: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        begun = time.perf_counter()
        try:
            return look(*given)
        finally:
            clock.waited += time.perf_counter() - begun

    return timed


def _event(subscription_id: str) -> bytes:
    url = f"{sys.argv[2]}/v1/subscriptions/{subscription_id}"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {LIVE_KEY}"})  # noqa: S310
    with urllib.request.urlopen(asked) as answer:  # noqa: S310
        shown = json.loads(answer.read())
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "customer.subscription.deleted"}
    return json.dumps({**event, "created": int(time.time()), "data": {"object": shown}}).encode()


def _tell(name: str, given: object) -> None:
    request = urllib.request.Request(f"{sys.argv[2]}/_sandbox/{name}", json.dumps(given).encode())  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        answer.read()


if __name__ == "__main__":
    organization = Organization.objects.get(slug=sys.argv[1])
    with tenant(organization.id):
        account = Connection.objects.get(organization_id=organization.id)
        alive: list[tuple[str, str]] = list(
            Subscription.objects.filter(status="active")
            .exclude(stripe_id__regex="_[0-9]+$")
            .order_by("stripe_id")
            .values_list("stripe_id", "customer_id")
        )
    main()
