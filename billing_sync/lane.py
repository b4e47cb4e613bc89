"""Read an account's lists in many requests at a time, and write each page as it comes.

Pages are fetched by threads and written by the job's own; a range's next page is asked for before the last
one is written. There are as many requests as keep the writer busy: more would only make threads wait for
each other.
"""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from accounts import jobs
from accounts.redaction import describe
from accounts.tenancy import tenant
from billing_sync import pages, ranges
from billing_sync.garbage import seldom_searched
from billing_sync.listing import Asked, asked, span, strayed
from billing_sync.models import Connection, ListRange
from billing_sync.ranges import Place, place
from billing_sync.reading import Drafted, read_drafts
from billing_sync.resources import BY_NAME
from billing_sync.stripe_client import Fetchers, Stripe
from billing_sync.stripe_errors import (
    CursorLostError,
    KeyExpiredError,
    KeyWrongError,
    NotFoundError,
    PermissionMissingError,
    RateLimitedError,
    StripeError,
)

logger = logging.getLogger(__name__)

FETCHERS, FIRST_FETCHERS = 12, 4
# Pages written in one transaction: more would save little, and lose more where a process dies.
TOGETHER, HELD_SECONDS = 10, 0.5
LOOK_SECONDS = 0.25
IDLE_SECONDS = 0.005
Arrived = tuple[Asked, Drafted]


class Lane:
    """One job's work on an account for a few seconds; then look at what failed and what was done."""

    def __init__(self, connection: Connection, stripe: Stripe, number: int) -> None:
        self.connection, self.stripe, self.number = connection, stripe, number
        self.objects = 0
        self.failed: dict[Place, StripeError] = {}
        self.key_error: StripeError | None = None
        self._rows: dict[Place, ListRange] = {}
        self._coming: dict[Future[Drafted], Asked] = {}
        self._ready: dict[Place, ListRange] = {}
        self._arrived: dict[str, list[Arrived]] = {}
        self._due_at = math.inf
        self._width = FIRST_FETCHERS
        self._looked_at = 0.0

    def read(self, seconds: float) -> None:
        """Read for so long, then write what is still on its way."""
        end = time.monotonic() + seconds
        with seldom_searched(), Fetchers(FETCHERS) as fetchers:
            self._fill(fetchers)
            while self._coming or self._arrived:
                for future in self._next():
                    self._take(future, fetchers if self._goes_on(end) else None)
                self._write_what_is_due(all_of_it=not self._goes_on(end))
                if self._goes_on(end):
                    self._fill(fetchers)
        with tenant(self.connection.organization_id):
            ranges.release(self.connection, self.number)

    @property
    def limited(self) -> RateLimitedError | None:
        """Return Stripe's wish for fewer requests, if it was uttered."""
        found = (error for error in self.failed.values() if isinstance(error, RateLimitedError))
        return max(found, key=lambda error: error.retry_after, default=None)

    def _goes_on(self, end: float) -> bool:
        return time.monotonic() < end and self.key_error is None and self.limited is None

    def _next(self) -> list[Future[Drafted]]:
        """Return what has come, and ask for more at a time where it was waited for, for less where not."""
        began = time.monotonic()
        done, _ = wait(self._coming, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if time.monotonic() - began > IDLE_SECONDS:
            self._width = min(FETCHERS, self._width + 1)
        elif len(done) > 1:
            self._width = max(1, self._width - 1)
        return list(done)

    def _fill(self, fetchers: Fetchers) -> None:
        """Give the idle threads something to fetch; where there was nothing, look again a little later."""
        while self._ready and len(self._coming) < self._width:
            _here, one = self._ready.popitem()
            self._ask(fetchers, asked(one, one.starting_after, one.oldest_at))
        idle = self._width - len(self._coming)
        if idle <= 0 or time.monotonic() < self._looked_at + LOOK_SECONDS:
            return
        arrived = (page for held in self._arrived.values() for page, _ in held)
        busy = [(one.resource, one.number) for one in (*self._coming.values(), *arrived)]
        with tenant(self.connection.organization_id):
            taken = ranges.take(self.connection, self.number, idle, [*busy, *self.failed])
        if len(taken) < idle:
            self._looked_at = time.monotonic()
        for one in taken:
            self._rows[place(one)] = one
            self._ask(fetchers, asked(one, one.starting_after, one.oldest_at))

    def _ask(self, fetchers: Fetchers, page: Asked) -> None:
        resource = BY_NAME[page.resource]
        coming = fetchers.submit(
            read_drafts, self.stripe, resource, self.connection.livemode, page.after, **page.params
        )
        self._coming[coming] = page

    def _take(self, future: Future[Drafted], fetchers: Fetchers | None) -> None:
        """Keep a page to be written, and ask for its successor; without `fetchers` it is the last for now."""
        page = self._coming.pop(future)
        try:
            fetched = future.result()
        except StripeError as error:
            self._stumbled(page, error)
            return
        if reason := strayed(page, [one.created for one in fetched.drafts]):
            logger.warning("%s is read whole: %s", page.resource, reason)
            pages.read_whole(self.connection, BY_NAME[page.resource], reason)
            return
        waiting = self._arrived.setdefault(page.resource, [])
        waiting.append((page, fetched))
        self._due_at = min(self._due_at, time.monotonic() + HELD_SECONDS)
        if fetched.has_more and fetchers is not None and len(self._coming) < self._width:
            _newest, oldest = span([one.made_at for one in fetched.drafts])
            row = self._rows[page.resource, page.number]
            self._ask(fetchers, asked(row, fetched.last_id, oldest or page.before_at))

    def _write_what_is_due(self, *, all_of_it: bool) -> None:
        """Write the lists of which many pages are there; all of them where none is coming or one is old."""
        all_of_it = all_of_it or not self._coming or time.monotonic() > self._due_at
        due = [name for name, arrived in self._arrived.items() if all_of_it or len(arrived) >= TOGETHER]
        for name in due:
            self._write(self._arrived.pop(name))
        if all_of_it:
            self._due_at = math.inf

    def _write(self, arrived: Sequence[Arrived]) -> None:
        rows = pages.write_together(self.connection, self.number, arrived)
        asked_for = {(page.resource, page.number) for page in self._coming.values()}
        for (page, fetched), row in zip(arrived, rows, strict=True):
            here = page.resource, page.number
            if row is None or row.state not in ranges.UNREAD:
                self._drop(here)
            elif here not in asked_for and here not in self.failed:
                self._ready[here] = row
            if row is not None:
                self._rows[here] = row
                self.objects += fetched.objects
        if any(rows):
            jobs.progressed()

    def _drop(self, here: Place) -> None:
        """Forget what was asked for of a range that is at its end, or somewhere else by now."""
        self._coming = {
            future: page for future, page in self._coming.items() if (page.resource, page.number) != here
        }

    def _stumbled(self, page: Asked, error: StripeError) -> None:
        resource = BY_NAME[page.resource]
        if isinstance(error, KeyWrongError | KeyExpiredError):
            self.key_error = error
        elif isinstance(error, CursorLostError):
            pages.find_place_again(self.connection, page)
        elif isinstance(error, PermissionMissingError | NotFoundError):
            pages.give_up(self.connection, resource, error)
        else:
            logger.warning("%s: %s", page.resource, describe(error))
            self.failed[page.resource, page.number] = error
            pages.note(self.connection, resource, error)


def unlike(failed: Mapping[Place, StripeError], unread: list[ListRange]) -> bool:
    """Say whether there is anything to read but what failed."""
    return any(place(one) not in failed for one in unread)
