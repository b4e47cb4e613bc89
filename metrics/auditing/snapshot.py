"""One view of the tables that several connections share, in which nothing can be written."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from accounts.tenancy import tenant

Item = TypeVar("Item")
Found = TypeVar("Found")
# Connections at once; the database does the work.
AT_ONCE = 2
# One range's segments are kept and joined in this; what it costs the database, times AT_ONCE.
WORK_MEMORY_MB = 64
SETTINGS = {
    "work_mem": f"{WORK_MEMORY_MB}MB",
    "jit": "off",
    # Neither side of a join comes in its order, and sorting them costs more than hashing.
    "enable_mergejoin": "off",
    # Of a build that is new to the planner it expects one row, and would join each row with every other.
    "enable_nestloop": "off",
    "max_parallel_workers_per_gather": "0",
    # Sums have few groups; the planner guesses as many as rows, and would sort those.
    "hash_mem_multiplier": "8",
    # A range is a small part of a large table, whatever the planner was last told of its size.
    "enable_seqscan": "off",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tenant, and the name under which other connections find the same view."""

    organization_id: UUID
    name: str


@contextmanager
def snapshot(organization_id: UUID) -> Iterator[Snapshot]:
    """Open a read-only view of the tenant's rows as they are now; outside any transaction."""
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        name = fetch("SELECT pg_export_snapshot()")[0][0]
        with tenant(organization_id):
            _settle()
            yield Snapshot(organization_id, name)


def at_once(
    shared: Snapshot, asks: Sequence[Callable[[Item], Found]], items: Iterator[Item]
) -> Iterator[tuple[Item, list[Found]]]:
    """Yield each item with what some functions find for it, over connections that share a view.

    Any connection takes the next question, so that all are busy until the last. Work on the first begins
    while other items are still being found; a single one needs no connection.
    """
    known = list(islice(items, 2))
    if len(known) < 2:
        yield from ((item, [ask(item) for ask in asks]) for item in known)
        return
    with ThreadPoolExecutor(AT_ONCE) as threads:
        try:
            begun = deque(
                (item, [threads.submit(_within, shared, ask, item) for ask in asks])
                for item in chain(known, items)
            )
            while begun:
                item, found = begun.popleft()
                yield item, [answer.result() for answer in found]
        finally:
            threads.shutdown(cancel_futures=True)


def _within(shared: Snapshot, ask: Callable[[Item], Found], item: Item) -> Found:
    try:
        with transaction.atomic():
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            execute("SET TRANSACTION SNAPSHOT %s", [shared.name])
            with tenant(shared.organization_id):
                _settle()
                return ask(item)
    finally:
        connection.close()


def _settle() -> None:
    for name, value in SETTINGS.items():
        execute("SELECT set_config(%s, %s, true)", [name, value])


def execute(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> None:
    """Run one statement in the transaction in progress."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def fetch(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement in the transaction in progress and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
