"""What processes and their descendants use: CPU seconds so far, memory at its peak."""

from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import psutil

SECONDS = 0.25


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and of all it started, those that ended included."""
    total = 0.0
    for process in family(pid):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_seconds() -> float:
    """Return the CPU seconds of everything that runs on this machine."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def family(pid: int) -> Iterator[psutil.Process]:
    """Yield a process and its descendants, none where it has ended."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)


class Memory(Thread):
    """Watch a process and its descendants while a block runs.

    `together` is the peak of all, pages that they share counted once (PSS); `largest` is that of one
    process by itself (RSS). Both are in bytes.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.together = self.largest = 0
        self._ended = Event()

    def run(self) -> None:
        """Look at them until the block ends."""
        while not self._ended.wait(SECONDS):
            self.look()

    def look(self) -> None:
        """Take the present into account."""
        found = []
        for process in family(self.pid):
            with suppress(psutil.Error):
                found.append(process.memory_full_info())
        self.together = max(self.together, sum(getattr(one, "pss", one.rss) for one in found))
        self.largest = max(self.largest, max((one.rss for one in found), default=0))

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.look()
        self._ended.set()
        self.join()
