"""A company that is held in memory, every life ready to go on."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

from .life import Life
from .script import Script, begin
from .stories import Telling


class Stage:
    """Play every life of a script in order of time."""

    def __init__(self, script: Script, *, closed: bool = False) -> None:
        self._script = script
        self._closed = closed
        self._next: list[tuple[int, int]] = []
        self.book, self.catalog = script.stocked()
        self.lives: list[Life] = []

    def add(self, telling: Telling, at: int) -> Life:
        """Add a customer who arrives at an instant and lives one story."""
        life = self._script.life(len(self.lives), self.catalog, self.book)
        begin(life, telling, self._script.habits, at)
        self._enter(life, at)
        return life

    def _enter(self, life: Life, at: int) -> None:
        self.lives.append(life)
        heappush(self._next, (at, life.number))

    def play(self, now: int) -> None:
        """Play everything that is due up to and including an instant."""
        with _undisturbed():
            self._play(now)

    def _play(self, now: int) -> None:
        if not self._closed:
            for number in range(len(self.lives), self._script.arrived(now, len(self.lives))):
                life = self._script.begun(number, self.catalog, self.book)
                self._enter(life, self._script.arrival(number))
        while self._next and self._next[0][0] <= now:
            _, number = heappop(self._next)
            life = self.lives[number]
            life.run(now)
            wake = life.next_at()
            if wake is not None:
                heappush(self._next, (wake, number))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold the garbage collector off while millions of records are made that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
