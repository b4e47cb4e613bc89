"""Lives played one after the other into a file of their own, in a process of their own if wanted."""

import os
from array import array
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from billing_sync.sandbox.book import Book
from billing_sync.sandbox.catalog import Catalog
from billing_sync.sandbox.life import Life
from billing_sync.sandbox.script import Script

from .chapter import Binding, Chapter
from .log import Writer
from .order import Days, enter

NEVER = 2**62


@dataclass(slots=True)
class Played:
    """Hold where the objects of some lives lie, where each life's volume does, and when it goes on."""

    days: dict[str, Days]
    volumes: "array[int]"
    wakes: "array[int]"


def played(
    script: Script, number: int, catalogue: Book, catalog: Catalog, until: int
) -> tuple[Life, Chapter]:
    """Play one life from its beginning up to an instant."""
    chapter = Chapter(catalogue)
    life = script.begun(number, catalog, chapter)
    life.run(until)
    return life, chapter


def wake(life: Life) -> int:
    """Return when a life goes on."""
    at = life.next_at()
    return NEVER if at is None else at


def play_range(script: Script, numbers: range, until: int, path: Path, file: int) -> Played:
    """Play some lives up to an instant, and write what they leave to a file of the given number."""
    catalogue, catalog = script.stocked()
    days: dict[str, Days] = defaultdict(dict)
    found = Played(days, array("Q"), array("q"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        writer = Writer(descriptor, file)
        for number in numbers:
            life, chapter = played(script, number, catalogue, catalog, until)
            binding = Binding(writer, chapter)
            found.volumes.append(binding.bind(life))
            found.wakes.append(wake(life))
            for change in binding.changes:
                enter(days[change.kind], change.created, change.address)
        writer.flush()
    finally:
        os.close(descriptor)
    return found
