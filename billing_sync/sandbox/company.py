"""A whole invented company: its customers' lives, run up to an instant."""

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from .assortment import stock_everything
from .book import Book
from .catalog import Catalog, stock
from .life import DAY, Life, Story
from .people import arrive
from .records import Account
from .stories import PLAIN, STORIES, Habits, Telling

SPAN = 1_095 * DAY


class Company:
    """Hold an account's objects and truth as of `now`; `advance` moves it on, never back."""

    def __init__(
        self,
        seed: int | str,
        account: Account,
        founded: int,
        size: int,
        *,
        plans: bool = True,
        everything: bool = False,
    ) -> None:
        self.seed = str(seed)
        self.account = account
        self.founded = founded
        self.size = size
        self.now = founded
        self.book = Book()
        self.catalog = Catalog(_tag(self.seed), founded)
        if plans:
            stock(self.book, self.catalog, account.currency)
        if everything:
            stock_everything(self.book, self.catalog, account.currency)
        self.lives: list[Life] = []
        self.oddities: dict[str, dict[str, Any]] = {}
        self.habits = Habits()
        self.mix: Mapping[str, int] = PLAIN
        self._next: list[tuple[int, int]] = []
        self._closed = True

    def open(self, mix: Mapping[str, int], habits: Habits) -> None:
        """Let customers arrive, with what they do drawn from a mix."""
        self.mix, self.habits, self._closed = mix, habits, False

    def add(self, telling: Telling, at: int) -> Life:
        """Add a customer who arrives at an instant and lives one story."""
        life = Life(self.seed, len(self.lives), self.account, self.catalog, self.book)
        self.lives.append(life)
        life.tell(_life(life, telling, self.habits), at)
        heappush(self._next, (at, life.number))
        return life

    def advance(self, now: int) -> None:
        """Play every life on to an instant; the result is the same in one step or in many."""
        if now < self.now:
            raise ValueError(f"the clock runs forward only: {now} is before {self.now}")
        with _undisturbed():
            self._play(now)
        self.now = now

    def _play(self, now: int) -> None:
        while not self._closed and self._arrival(len(self.lives)) <= now:
            self._admit()
        while self._next and self._next[0][0] <= now:
            _, number = heappop(self._next)
            life = self.lives[number]
            life.run(now)
            wake = life.next_at()
            if wake is not None:
                heappush(self._next, (wake, number))

    def _arrival(self, number: int) -> int:
        share = (number + 0.5) / self.size
        return self.founded + int(SPAN * share**0.8)

    def _admit(self) -> None:
        at = self._arrival(len(self.lives))
        self.add(_drawn(self.mix), at)


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


def _life(life: Life, telling: Telling, habits: Habits) -> Story:
    arrive(life)
    yield from telling(life, habits)


def _drawn(mix: Mapping[str, int]) -> Telling:
    """Return a story that, once begun, becomes one drawn from the mix by the life's own dice."""

    def drawn(life: Life, habits: Habits) -> Story:
        return STORIES[life.pick(tuple(mix.items()))](life, habits)

    return drawn


def _tag(seed: str) -> str:
    return hashlib.sha256(f"catalog/{seed}".encode()).hexdigest()[:8].upper()


def account_of(seed: int | str, founded: int, currency: str = "usd") -> Account:
    """Return the invented account of a seed."""
    return Account(
        f"acct_1{_tag(str(seed))}", "Millwheel Software", "US", currency, founded - 30 * DAY, "Etc/UTC"
    )


def generate(
    seed: int | str,
    size: int,
    now: datetime | int,
    *,
    founded: datetime | int | None = None,
    mix: Mapping[str, int] = PLAIN,
    habits: Habits | None = None,
    currency: str = "usd",
) -> Company:
    """Return a company with `size` customers over the three years before `now`."""
    until = seconds(now)
    start = until - SPAN if founded is None else seconds(founded)
    everything = mix is not PLAIN
    company = Company(seed, account_of(seed, start, currency), start, size, everything=everything)
    if size:
        company.open(mix, habits or Habits())
    company.advance(until)
    return company


def scripted(
    tellings: Iterable[tuple[Telling, datetime | int]], now: datetime | int, seed: int | str = "scripted"
) -> Company:
    """Return a company whose only customers live the given stories from the given instants."""
    told = [(telling, seconds(at)) for telling, at in tellings]
    start = min((at for _, at in told), default=seconds(now)) - DAY
    company = Company(seed, account_of(seed, start), start, len(told), everything=True)
    for telling, at in told:
        company.add(telling, at)
    company.advance(seconds(now))
    return company


def scenario(
    name: str, now: datetime | int, *, customers: int = 3, days: int = 400, seed: int | str = "scenario"
) -> Company:
    """Return a company whose customers all live one named story, arriving a week apart."""
    if name not in STORIES:
        raise ValueError(f"no story is called '{name}'; choose from {', '.join(sorted(STORIES))}")
    start = seconds(now) - days * DAY
    return scripted(((STORIES[name], start + n * 7 * DAY) for n in range(customers)), now, seed)


def seconds(at: datetime | int) -> int:
    """Return an instant as Unix seconds."""
    if isinstance(at, int):
        return at
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return int(at.timestamp())
