"""The courier: posts new events to the endpoints that want them, in threads of its own."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from threading import Event, Lock, RLock, Thread
from typing import Any

import urllib3

from .deliveries import Delivery

PAUSE_SECONDS, ANSWER_SECONDS = 0.05, 10
TRIES, FIRST_RETRY_SECONDS = 6, 0.5
PEOPLE = 8


class Courier:
    """Post deliveries when they are due; one that is not answered 2xx is tried again, later and later."""

    def __init__(self, turn: RLock, gather: Callable[[], Iterable[Delivery]]) -> None:
        self._turn = turn
        self._gather = gather
        self._pool = urllib3.PoolManager(maxsize=PEOPLE, retries=False)
        self._queue: list[tuple[float, int, int, Delivery]] = []
        self._number = self._under_way = 0
        self._answers: dict[str, Counter[str]] = {}
        self._lock = Lock()
        self._stop = Event()
        self._begun = False

    def start(self) -> None:
        """Begin to watch for events, if that has not begun."""
        if self._begun:
            return
        self._begun = True
        for work in (self._watch, *[self._carry] * PEOPLE):
            Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        """Take up no more work; what is still to be sent stays unsent."""
        self._stop.set()
        self._pool.clear()

    def collect(self) -> None:
        """Queue what has happened since the last time."""
        with self._turn:
            found = self._gather()
            self._count(1)
        try:
            for delivery in found:
                self.send(delivery)
        finally:
            self._count(-1)

    def send(self, delivery: Delivery, tries: int = 0, wait: float = 0) -> None:
        """Queue a delivery."""
        with self._lock:
            self._number += 1
            due = time.monotonic() + delivery.delay + wait
            heappush(self._queue, (due, self._number, tries, delivery))

    def waiting(self) -> int:
        """Return how many deliveries are queued or under way, or more while some are being written."""
        with self._lock:
            return len(self._queue) + self._under_way

    def answers(self, endpoint: str) -> dict[str, int]:
        """Return how often an endpoint answered what: a status, or `none`."""
        with self._lock:
            return dict(self._answers.get(endpoint, Counter()))

    def post(self, delivery: Delivery) -> int | None:
        """Post a delivery now, and return the status that it was answered with, or None."""
        try:
            answer: Any = self._pool.request(
                "POST",
                delivery.url,
                body=delivery.body,
                headers=delivery.headers,
                timeout=ANSWER_SECONDS,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            answer = None
        status = None if answer is None else int(answer.status)
        with self._lock:
            self._answers.setdefault(delivery.endpoint, Counter())[str(status or "none")] += 1
        return status

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self.collect()

    def _carry(self) -> None:
        while not self._stop.is_set():
            due = self._due()
            if due is None:
                self._stop.wait(PAUSE_SECONDS)
                continue
            tries, delivery = due
            status = self.post(delivery)
            refused = status is None or not 200 <= status < 300
            if refused and delivery.way == "honest" and tries + 1 < TRIES:
                self.send(delivery, tries + 1, FIRST_RETRY_SECONDS * 2**tries - delivery.delay)
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._lock:
            self._under_way += more

    def _due(self) -> tuple[int, Delivery] | None:
        with self._lock:
            if not self._queue or self._queue[0][0] > time.monotonic():
                return None
            _, _, tries, delivery = heappop(self._queue)
            self._under_way += 1
            return tries, delivery
