"""What an invented company is a function of: its seed, its size, and what its customers do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from .assortment import stock_everything
from .book import Book
from .catalog import Catalog, stock
from .life import DAY, Life, Story
from .people import arrive
from .records import Account
from .stories import PLAIN, TELLINGS, Habits, Telling

SPAN = 1_095 * DAY


@dataclass(frozen=True, slots=True)
class Script:
    """Hold everything that decides how a company's customers live."""

    seed: str
    account: Account
    founded: int
    size: int
    plans: bool = True
    everything: bool = False
    mix: Mapping[str, int] = field(default_factory=lambda: PLAIN)
    habits: Habits = field(default_factory=Habits)

    def stocked(self) -> tuple[Book, Catalog]:
        """Return a book that holds what the company sells, and the same by name."""
        book, catalog = Book(), Catalog(tag(self.seed), self.founded)
        if self.plans:
            stock(book, catalog, self.account.currency)
        if self.everything:
            stock_everything(book, catalog, self.account.currency)
        return book, catalog

    def arrival(self, number: int) -> int:
        """Return when a customer arrives: the company grows a little faster every year."""
        share = (number + 0.5) / self.size
        return self.founded + int(SPAN * share**0.8)

    def arrived(self, now: int, known: int = 0) -> int:
        """Return how many customers have arrived, of whom some are known."""
        while self.size and self.arrival(known) <= now:
            known += 1
        return known

    def life(self, number: int, catalog: Catalog, book: Book) -> Life:
        """Return a customer's life before anything happened in it."""
        return Life(self.seed, number, self.account, catalog, book)

    def begun(self, number: int, catalog: Catalog, book: Book) -> Life:
        """Return the life of a customer who arrives in turn and does what the mix says."""
        life = self.life(number, catalog, book)
        begin(life, self._drawn, self.habits, self.arrival(number))
        return life

    def _drawn(self, life: Life, habits: Habits) -> Story:
        return TELLINGS[life.pick(tuple(self.mix.items()))](life, habits)


def begin(life: Life, telling: Telling, habits: Habits, at: int) -> None:
    """Let a customer arrive at an instant and live one story."""
    life.tell(_arriving(life, telling, habits), at)


def _arriving(life: Life, telling: Telling, habits: Habits) -> Story:
    arrive(life)
    yield from telling(life, habits)


def tag(seed: str) -> str:
    """Return the part that the ids of a company's catalogue share."""
    return hashlib.sha256(f"catalog/{seed}".encode()).hexdigest()[:8].upper()
