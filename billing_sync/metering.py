"""Count what a stretch of work asks of Stripe, in however many threads it asks."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Lock
from typing import Any, TypeVar

Result = TypeVar("Result")


class Meter:
    """Requests sent, and milliseconds spent waiting before them, summed over threads."""

    def __init__(self) -> None:
        self.requests = 0
        self._waited_seconds = 0.0
        self._lock = Lock()

    @property
    def waited_ms(self) -> int:
        """Return how long requests were held back."""
        return round(self._waited_seconds * 1000)

    def count(self, *, waited_seconds: float, requests: int = 0) -> None:
        """Add requests, or a wait."""
        with self._lock:
            self.requests += requests
            self._waited_seconds += waited_seconds


_meters: ContextVar[tuple[Meter, ...]] = ContextVar("meters", default=())


@contextmanager
def metered() -> Iterator[Meter]:
    """Count every request of the block, those of `Fetchers` made in it included; blocks may nest."""
    meter = Meter()
    token = _meters.set((*_meters.get(), meter))
    try:
        yield meter
    finally:
        _meters.reset(token)


def count(*, waited_seconds: float = 0.0, requests: int = 0) -> None:
    """Tell the meters of the work in progress."""
    for meter in _meters.get():
        meter.count(waited_seconds=waited_seconds, requests=requests)


class Fetchers(ThreadPoolExecutor):
    """Threads that work in the context of who gave them the work, so that its meters count them."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Run a function in a thread, in a copy of the present context."""
        return super().submit(copy_context().run, fn, *args, **kwargs)
