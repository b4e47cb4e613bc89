"""One customer's life: its own clock, agenda, dice and evidence."""

import hashlib
import random
from collections.abc import Callable, Generator, Sequence
from heapq import heappop, heappush
from typing import Any, TypeVar

from msgspec.structs import replace

from .book import Book
from .catalog import Catalog
from .ledger import Ledger
from .records import Account, Customer, Event, Item, Subscription
from .valuation import item_values

Story = Generator[int, None, None]
T = TypeVar("T")
DAY = 86_400
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


PAIRS = tuple(first + second for first in DIGITS for second in DIGITS)
TAG = 10
SERIAL = 5


def tag_of(seed: str, number: int) -> str:
    """Return the part that the ids of one life share."""
    return hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:TAG].upper()


def tag_in(identity: str) -> str:
    """Return the part of an id that tells whose life it belongs to."""
    return identity[-TAG - SERIAL : -SERIAL]


class Life:
    """Play one customer forward in time; the same seed and number always give the same life."""

    def __init__(self, seed: str, number: int, account: Account, catalog: Catalog, book: Book) -> None:
        self.tag = tag_of(seed, number)
        self.rng = random.Random(f"{seed}/{number}")  # noqa: S311 - an invented business, not a secret
        self.number = number
        self.account = account
        self.catalog = catalog
        self.book = book
        self.now = 0
        self.customer: Customer
        self.ledger = Ledger()
        self.counting: set[str] = set()
        self.pending: list[str] = []
        self.cover: dict[str, tuple[str, str]] = {}
        self.intents: dict[str, str] = {}
        self.card_fails = False
        self.card_missing = False
        self.last_resort = "cancel"
        self.pays_after_days = 9
        self.id_length = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._ids: dict[str, int] = {}

    def new_id(self, prefix: str) -> str:
        """Return this life's next id with a prefix; ids of one life sort in order of creation."""
        number = self._ids[prefix] = self._ids.get(prefix, -1) + 1
        rest, low = divmod(number, len(PAIRS))
        high, middle = divmod(rest, len(PAIRS))
        tail = f"{DIGITS[high]}{PAIRS[middle]}{PAIRS[low]}"
        padding = "x" * (self.id_length - len(prefix) - len(self.tag) - 7)
        return f"{prefix}_1{self.tag}{padding}{tail}"

    def at(self, when: int, action: Callable[[], None]) -> None:
        """Put an action on the agenda; actions of one instant run in the order they were put."""
        self._order += 1
        heappush(self._agenda, (max(when, self.now), self._order, action))

    def tell(self, story: Story, when: int) -> None:
        """Start a story: it acts, then yields the instant at which it wants to go on."""
        self.at(when, lambda: self._go_on(story))

    def _go_on(self, story: Story) -> None:
        wake = next(story, None)
        if wake is not None:
            self.tell(story, wake)

    def next_at(self) -> int | None:
        """Return when this life next does anything, or None."""
        return self._agenda[0][0] if self._agenda else None

    def run(self, until: int) -> None:
        """Do everything that is due up to and including an instant."""
        while self._agenda and self._agenda[0][0] <= until:
            self.now, _, action = heappop(self._agenda)
            action()

    def days(self, least: float, most: float) -> int:
        """Return an instant a random number of days from now, to the second."""
        return self.now + self.rng.randint(int(least * DAY), int(most * DAY))

    def pick(self, options: Sequence[tuple[T, int]]) -> T:
        """Return one of the options, with chances in proportion to their weights."""
        mark = self.rng.randrange(sum(weight for _, weight in options))
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        raise ValueError("no option has a weight")

    def save(self, kind: str, record: Any, event: str | None = None, identity: str | None = None) -> None:
        """Store a record and announce it; an update also remembers what it replaced."""
        before = self.book.get(kind, identity or record.id)
        self.book.put(kind, record, identity)
        if event is None:
            return
        if not event.endswith(".updated"):
            before = None
        self.book.put("event", Event(self.new_id("evt"), self.now, event, kind, record, before))

    def announce(self, event: str, kind: str, record: object) -> None:
        """Announce a record that did not change just now."""
        self.book.put("event", Event(self.new_id("evt"), self.now, event, kind, record))

    def subscription(self, identity: str) -> Subscription:
        """Return the present state of a subscription."""
        found: Subscription = self.book.get("subscription", identity)  # type: ignore[assignment]
        return found

    def update_customer(self, **changes: Any) -> None:
        """Change the customer, and announce it if anything differs."""
        changed = replace(self.customer, **changes)
        if changed == self.customer:
            return
        self.customer = changed
        self.save("customer", changed, "customer.updated")

    def save_subscription(
        self, subscription: Subscription, event: str = "customer.subscription.updated"
    ) -> None:
        """Store a subscription with its items, announce it, and write down what it is worth now."""
        for item in subscription.items:
            self.book.put("subscription_item", item)
        self.save("subscription", subscription, event)
        self.value(subscription)

    def count_from(self, subscription: Subscription, at: int) -> None:
        """Say that a subscription's items are revenue from an instant on, if they were not yet."""
        if subscription.id not in self.counting:
            self.counting.add(subscription.id)
            self.value(subscription, at)

    def stop_counting(self, subscription: Subscription) -> None:
        """Say that a subscription's items are no revenue from now on."""
        self.counting.discard(subscription.id)
        self.value(subscription)

    def value(self, subscription: Subscription, since: int | None = None) -> None:
        """Write down each item's intended MRR from now on, or since an earlier instant."""
        at = self.now if since is None else since
        if subscription.id not in self.counting:
            for item in subscription.items:
                self.ledger.clear(item.id, at)
            return
        values = item_values(subscription, self.running_coupons(subscription))
        for item, mrr_micro in zip(subscription.items, values, strict=True):
            if item.price.usage_type != "metered":
                worth = mrr_micro if item.trial_end is None else 0
                self._count(item, at, worth, subscription.currency)

    def _count(self, item: Item, at: int, mrr_micro: int, currency: str) -> None:
        self.ledger.set(item.id, at, mrr_micro, item.price.id, item.quantity or 0, currency)

    def running_coupons(self, subscription: Subscription) -> list[tuple[Any, str | None]]:
        """Return the coupons that reduce MRR now, each with the item it is bound to."""
        own = subscription.discounts
        if not own and self.customer.discount:
            own = (self.customer.discount,)
        found: list[tuple[Any, str | None]] = [(discount, None) for discount in own]
        found += [(d, item.id) for item in subscription.items for d in item.discounts]
        return [
            (discount.coupon, only)
            for discount, only in found
            if discount.coupon.duration != "once" and (discount.end is None or self.now < discount.end)
        ]
