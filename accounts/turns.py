"""Whose turn it is: each organization gets its share of the workers, however much work another has."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.models import Job

# When this process last worked for an organization; each process takes turns by itself.
_served_at: dict[UUID | None, float] = {}
MOST_REMEMBERED = 10_000
# Of the organizations that have waited longest, so many are ranked: a turn costs the same however many wait.
MOST_RANKED = 100


def served(organization_id: UUID | None) -> None:
    """Remember that an organization has had its turn."""
    if len(_served_at) >= MOST_REMEMBERED:
        _served_at.clear()
    _served_at[organization_id] = time.monotonic()


def in_turn(due: QuerySet[Job]) -> Iterator[UUID]:
    """Yield the due jobs that are first in their organization, in the order of their turns.

    First come the organizations with the fewest jobs at work, then those served longest ago, then the jobs
    that are due longest.
    """
    first = Window(RowNumber(), partition_by=F("organization_id"), order_by=["next_at", "id"])
    heads = due.annotate(place=first).filter(place=1).order_by("next_at", "id")
    running = Counter(Job.objects.filter(state=Job.State.RUNNING).values_list("organization_id", flat=True))
    ranked = sorted(
        (running[organization_id], _served_at.get(organization_id, 0.0), next_at, wanted)
        for wanted, organization_id, next_at in heads.values_list("id", "organization_id", "next_at")[
            :MOST_RANKED
        ]
    )
    yield from (wanted for *_, wanted in ranked)


def worth(due: QuerySet[Job], at_once: Mapping[str, int]) -> list[UUID]:
    """Return a due job for each turn that is to be had: of a kind done many at once, one for so many."""
    many = {kind: count for kind, count in at_once.items() if count > 1}
    wanted = list(due.exclude(kind__in=many).values_list("id", flat=True)[:MOST_RANKED])
    for kind, count in many.items():
        alike = due.filter(kind=kind)
        wanted += alike.values_list("id", flat=True)[: -(-alike.count() // count)]
    return wanted
