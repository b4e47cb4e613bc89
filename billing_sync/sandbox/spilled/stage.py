"""A company that is held in files: its lives are played once, and once more whenever they go on."""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from heapq import heappop, heappush
from itertools import count, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import overload

from billing_sync.sandbox.catalog import Catalog
from billing_sync.sandbox.life import Life
from billing_sync.sandbox.script import Script

from .book import SpilledBook
from .playing import NEVER, Played, play_range, played, wake

TOGETHER = 1_000


class SpilledLives(Sequence[Life]):
    """Show every life as its volume tells it: its customer and its truth, with nothing left to do."""

    def __init__(self, script: Script, book: SpilledBook, catalog: Catalog) -> None:
        self._script = script
        self._book = book
        self._catalog = catalog

    def __len__(self) -> int:
        return self._book.lives

    @overload
    def __getitem__(self, number: int) -> Life: ...
    @overload
    def __getitem__(self, number: slice) -> list[Life]: ...
    def __getitem__(self, number: int | slice) -> Life | list[Life]:
        """Return a life, or some."""
        known = range(len(self))[number]
        return self._life(known) if isinstance(known, int) else [self._life(one) for one in known]

    def __iter__(self) -> Iterator[Life]:
        return map(self._life, range(len(self)))

    def _life(self, number: int) -> Life:
        volume = self._book.volume(number)
        life = self._script.life(number, self._catalog, self._book)
        life.customer, life.ledger = volume.customer, volume.ledger
        return life


class SpilledStage:
    """Play the lives of a script one by one; none stays in memory."""

    def __init__(self, script: Script, processes: int = 1, together: int = TOGETHER) -> None:
        self._script = script
        self._processes = processes
        self._together = together
        self._catalogue, self.catalog = script.stocked()
        self.book = SpilledBook(script.seed, self._catalogue)
        self.lives = SpilledLives(script, self.book, self.catalog)
        self._next: list[tuple[int, int]] = []

    def play(self, now: int) -> None:
        """Play everything that is due up to and including an instant."""
        while self._next and self._next[0][0] <= now:
            self._live(heappop(self._next)[1], now)
        known = len(self.lives)
        arrived = self._script.arrived(now, known)
        if self._processes > 1 and arrived - known > self._together:
            self._share(range(known, arrived), now)
        for number in range(len(self.lives), arrived):
            self._live(number, now)
        self.book.writer.flush()

    def _live(self, number: int, now: int) -> None:
        life, chapter = played(self._script, number, self._catalogue, self.catalog, now)
        self.book.bind(life, chapter)
        self._wake(number, wake(life))

    def _wake(self, number: int, at: int) -> None:
        if at < NEVER:
            heappush(self._next, (at, number))

    def _share(self, numbers: range, now: int) -> None:
        """Have other processes play many new lives, each some into a file."""
        together = self._together
        parts = [numbers[at : at + together] for at in range(0, len(numbers), together)]
        first = len(self.book.log)
        with (
            tempfile.TemporaryDirectory(prefix="sandbox-") as directory,
            ProcessPoolExecutor(self._processes, mp_context=get_context("spawn")) as pool,
        ):
            files = [Path(directory) / str(first + n) for n in range(len(parts))]
            tasks = zip(repeat(self._script), parts, repeat(now), files, count(first), strict=False)
            for part, path, found in zip(parts, files, pool.map(_played, tasks), strict=True):
                self.book.adopt(path, found)
                for number, at in zip(part, found.wakes, strict=True):
                    self._wake(number, at)


def _played(task: tuple[Script, range, int, Path, int]) -> Played:
    return play_range(*task)
