"""A whole invented company: its customers' lives, run up to an instant."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .book import Book
from .life import DAY, Life
from .records import Account
from .script import SPAN, Script, tag
from .spilled.stage import SpilledStage
from .stage import Stage
from .stories import PLAIN, STORIES, Habits, Telling

LARGE = 3_000


class Company:
    """Hold an account's objects and truth as of `now`; `advance` moves it on, never back."""

    def __init__(self, script: Script, stage: Stage | SpilledStage) -> None:
        self.seed = script.seed
        self.account = script.account
        self.founded = script.founded
        self.size = script.size
        self.now = script.founded
        self.book: Book = stage.book
        self.catalog = stage.catalog
        self.lives: Sequence[Life] = stage.lives
        self.oddities: dict[str, dict[str, Any]] = {}
        self._stage = stage

    def advance(self, now: int) -> None:
        """Play every life on to an instant; the result is the same in one step or in many."""
        if now < self.now:
            raise ValueError(f"the clock runs forward only: {now} is before {self.now}")
        self._stage.play(now)
        self.now = now


def account_of(seed: int | str, founded: int, currency: str = "usd") -> Account:
    """Return the invented account of a seed."""
    return Account(
        f"acct_1{tag(str(seed))}", "Millwheel Software", "US", currency, founded - 30 * DAY, "Etc/UTC"
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
    spilled: bool | None = None,
    processes: int = 1,
) -> Company:
    """Return a company with `size` customers over the three years before `now`, in files if it is large."""
    until = seconds(now)
    start = until - SPAN if founded is None else seconds(founded)
    account = account_of(seed, start, currency)
    everything, habits = mix is not PLAIN, habits or Habits()
    script = Script(str(seed), account, start, size, everything=everything, mix=mix, habits=habits)
    in_files = size >= LARGE if spilled is None else spilled
    stage = SpilledStage(script, processes) if in_files else Stage(script)
    company = Company(script, stage)
    company.advance(until)
    return company


def scripted(
    tellings: Iterable[tuple[Telling, datetime | int]], now: datetime | int, seed: int | str = "scripted"
) -> Company:
    """Return a company whose only customers live the given stories from the given instants."""
    told = [(telling, seconds(at)) for telling, at in tellings]
    start = min((at for _, at in told), default=seconds(now)) - DAY
    script = Script(str(seed), account_of(seed, start), start, len(told), everything=True)
    return _staged(script, told, seconds(now))


def empty(seed: int | str, founded: int, now: int) -> Company:
    """Return an account without any customer or price."""
    return _staged(Script(str(seed), account_of(seed, founded), founded, 0, plans=False), (), now)


def _staged(script: Script, told: Iterable[tuple[Telling, int]], now: int) -> Company:
    stage = Stage(script, closed=True)
    for telling, at in told:
        stage.add(telling, at)
    company = Company(script, stage)
    company.advance(now)
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
