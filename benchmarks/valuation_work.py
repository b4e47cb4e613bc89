"""The valuations that `valuation` times, in a process of their own: an organization's slug."""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from metrics.build import stored  # noqa: E402
from metrics.build.load import Loader  # noqa: E402
from metrics.build.rebuild import shelve  # noqa: E402
from metrics.build.write import Scope  # noqa: E402
from metrics.core.definition import Definition  # noqa: E402
from metrics.core.facts import Catalogue  # noqa: E402
from metrics.core.history import Configuration  # noqa: E402
from metrics.core.intervals import local_day, windows  # noqa: E402
from metrics.core.ledger import segments  # noqa: E402
from metrics.core.movements import movements, steps  # noqa: E402
from metrics.models import CurrentBuild  # noqa: E402

RUNS, LARGEST = 5, 100_000
VALUED = "**valuation: prices, tiers, discounts and pauses to segments**"
WRITTEN = "legs and reasons, where a movement is written"
Past = list[tuple[list[Configuration], Catalogue]]


def main() -> None:
    """Read everyone's history, value it from end to end several times, and print the medians."""
    past = _read(Organization.objects.get(slug=sys.argv[1]))
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(RUNS):
        # As in a process that has seen no instant before.
        local_day.cache_clear()
        _value(past, taken)
    rows = [row for own, _ in past for row in own]
    count = len({row.subscription for row in rows})
    sys.stdout.write(f"{count:,} subscriptions of {len(past):,} customers in {len(rows):,} configurations.\n")
    sys.stdout.write(f"CPU of one core a subscription, median and least of {RUNS} runs:\n\n")
    sys.stdout.write("| stage | median µs | least µs |\n| --- | ---: | ---: |\n")
    moved = [taken[stage] for stage in (VALUED, "steps", "movements")]
    taken["these three"] = [sum(run) for run in zip(*moved, strict=True)]
    taken[WRITTEN] = taken.pop(WRITTEN)
    for stage, seconds in taken.items():
        typical, least = (1e6 * one / count for one in (median(seconds), min(seconds)))
        sys.stdout.write(f"| {stage} | {typical:.1f} | {least:.1f} |\n")


def _read(organization: Organization) -> Past:
    found: Past = []
    with tenant(organization.id):
        for connection_id in CurrentBuild.objects.get(organization_id=organization.id).connection_ids:
            loader = Loader(organization.id, connection_id)
            names = stored.next_customers(organization.id, connection_id, "", LARGEST)
            past = stored.configurations(organization.id, Scope(connection_id, names))
            shelve(loader, past)
            found += [(rows, loader.shelf.catalogue()) for rows in past.values()]
    return found


def _value(past: Past, taken: dict[str, list[float]]) -> None:
    definition, frame = Definition(), windows("day", "UTC")

    def timed(stage: str, work: Callable[[Any], Any], over: Iterable[Any]) -> list[Any]:
        begun = time.process_time()
        done = [work(one) for one in over]
        taken[stage].append(time.process_time() - begun)
        return done

    ledgers = timed(VALUED, lambda one: segments(one[0], one[1], definition), past)
    changes = timed("steps", steps, ledgers)
    moved = timed("movements", lambda one: movements(one, frame), changes)
    timed(WRITTEN, lambda one: [(each.legs, each.reasons) for each in one], moved)


if __name__ == "__main__":
    main()
