"""The records of an account that lie in files, read as those in memory are."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from billing_sync.sandbox import records
from billing_sync.sandbox.book import Book, Place
from billing_sync.sandbox.life import Life, tag_in, tag_of
from billing_sync.sandbox.records import Event

from .chapter import PACK, PLACES, Binding, Chapter, Placed, Volume
from .log import Entry, Log
from .order import FIRST, LAST, Order
from .playing import Played

FOREVER = 2**53
NOWHERE = 2**64
RECENT = 256
TYPES: dict[str, type[Any]] = {
    "balance_transaction": records.Transaction,
    "charge": records.Charge,
    "coupon": records.Coupon,
    "credit_note": records.CreditNote,
    "customer": records.Customer,
    "discount": records.Discount,
    "dispute": records.Dispute,
    "invoice": records.Invoice,
    "invoice_payment": records.Intent,
    "invoiceitem": records.InvoiceItem,
    "payment_intent": records.Intent,
    "payment_method": records.PaymentMethod,
    "price": records.Price,
    "product": records.Product,
    "promotion_code": records.PromotionCode,
    "refund": records.Refund,
    "subscription": records.Subscription,
    "subscription_item": records.Item,
    "subscription_schedule": records.Schedule,
    "tax_rate": records.TaxRate,
}
UNPACK = {kind: msgspec.msgpack.Decoder(known) for kind, known in TYPES.items()}
OWNED = {kind for kind, known in TYPES.items() if "customer" in known.__struct_fields__}
VOLUME = msgspec.msgpack.Decoder(Volume)
TOLD = msgspec.msgpack.Decoder(tuple[str, str, int, int | None])


class SpilledBook(Book):
    """Find every record of an account by kind and id, or in order, through its address."""

    def __init__(self, seed: str, catalogue: Book) -> None:
        super().__init__()
        self._seed = seed
        self._catalogue = catalogue
        self.log = log = Log()
        self._places = lru_cache(RECENT)(lambda address: PLACES.decode(log.read(address).body))
        self.writer = self.log.writer()
        self._volumes = array("Q")
        self._numbers: dict[str, int] = {}
        self._loose: dict[tuple[str, str], Placed] = {}
        self._orders: dict[str, Order] = defaultdict(lambda: Order(self.log.place))
        self._enter_catalogue()

    def _enter_catalogue(self) -> None:
        """Give the catalogue's objects addresses too, so that lists know of one order alone."""
        addresses: dict[int, int] = {}
        for kind in self._catalogue.kinds():
            if kind != "event":
                for record in self._catalogue.all(kind):
                    addresses[id(record)] = self._append(kind, record, PACK.encode(record))
        for event in self._catalogue.all("event"):
            told = (event.type, event.kind, addresses[id(event.after)], None)
            self._append("event", event, PACK.encode(told))
        self.writer.flush()

    def _append(self, kind: str, record: Any, body: bytes) -> int:
        address = self.writer.append(record.created, record.id, body)
        self._orders[kind].add(record.created, address)
        return address

    @property
    def lives(self) -> int:
        """Return how many lives the book holds."""
        return len(self._volumes)

    def adopt(self, path: Path, lives: Played) -> None:
        """Add lives that were played into a file, as the next in number."""
        self.log.adopt(path)
        for address in lives.volumes:
            self._shelve(len(self._volumes), address)
        for kind, days in lives.days.items():
            self._orders[kind].extend(days)

    def volume(self, number: int) -> Volume:
        """Return what a life left."""
        return VOLUME.decode(self.log.read(self._volumes[number]).body)

    def bind(self, life: Life, chapter: Chapter) -> None:
        """Add what is new of a life that began or went on."""
        binding = Binding(self.writer, chapter)
        if life.number < len(self._volumes):
            older = self.volume(life.number)
            binding.take_over(older.puts, {kind: dict(self._told(older, kind)) for kind in older.places})
        self._shelve(life.number, binding.bind(life))
        for change in binding.changes:
            order = self._orders[change.kind]
            if change.old is None:
                order.add(change.created, change.address)
            else:
                order.replace(change.created, change.old, change.address)

    def _shelve(self, number: int, address: int) -> None:
        if number < len(self._volumes):
            self._volumes[number] = address
            return
        self._numbers[tag_of(self._seed, number)] = number
        self._volumes.append(address)

    def put(self, kind: str, record: Any, identity: str | None = None, created: int | None = None) -> None:
        """Store a record that no life made, such as an event of what was tampered with."""
        name = identity or record.id
        at = record.created if created is None else created
        address = self.writer.append(at, name, self._packed(kind, record))
        self.writer.flush()
        if (kind, name) in self._loose:
            self._orders[kind].replace(at, self._loose[kind, name][1], address)
        else:
            self._orders[kind].add(at, address)
        self._loose[kind, name] = (at, address)

    def _packed(self, kind: str, record: Any) -> bytes:
        if kind != "event":
            return PACK.encode(record)
        states = [
            None if state is None else self.writer.append(0, "", PACK.encode(state))
            for state in (record.after, record.before)
        ]
        return PACK.encode((record.type, record.kind, *states))

    def get(self, kind: str, identity: str) -> Any | None:
        """Return the latest record, or None."""
        found = self._catalogue.get(kind, identity)
        if found is not None:
            return found
        placed = self._placed(kind, identity)
        return None if placed is None else self._record(kind, placed[1])

    def _placed(self, kind: str, identity: str) -> Placed | None:
        loose = self._loose.get((kind, identity))
        return loose or self._places_of(kind, identity).get(identity)

    def _places_of(self, kind: str, identity: str) -> dict[str, Placed]:
        """Return the places of a kind's objects in the life that an id tells of."""
        number = self._numbers.get(tag_in(identity))
        return {} if number is None else self._told(self.volume(number), kind)

    def _told(self, volume: Volume, kind: str) -> dict[str, Placed]:
        address = volume.places.get(kind)
        return {} if address is None else self._places(address)

    def _record(self, kind: str, address: int) -> Any:
        return self._unpacked(kind, self.log.read(address))

    def _unpacked(self, kind: str, entry: Entry) -> Any:
        if kind != "event":
            return UNPACK[kind].decode(entry.body)
        told, shown, after, before = TOLD.decode(entry.body)
        return Event(
            entry.identity,
            entry.created,
            told,
            shown,
            self._record(shown, after),
            None if before is None else self._record(shown, before),
        )

    def all(self, kind: str) -> Iterator[Any]:
        """Yield the latest records of a kind, oldest first."""
        for _, record in self.oldest_first(kind, 0, FOREVER, (-1, FIRST)):
            yield record

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return len(self._orders[kind])

    def kinds(self) -> list[str]:
        """Return the kinds that hold anything."""
        return sorted(kind for kind, order in self._orders.items() if len(order))

    def place(self, kind: str, identity: str) -> Place | None:
        """Return where an object stands in its list, or None."""
        known = self._catalogue.place(kind, identity)
        if known is not None:
            return known
        placed = self._placed(kind, identity)
        return None if placed is None else (placed[0], identity)

    def newest_first(
        self, kind: str, since: int, until: int, below: Place | None = None, customer: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield (id, record) created in [since, until], from just below a place downwards."""
        if customer:
            mine = self._mine(kind, customer)
            low, high = bisect_left(mine, (since, FIRST)), bisect_right(mine, (until, LAST))
            if below is not None:
                high = min(high, bisect_left(mine, below))
            return self._read(kind, (address for _, _, address in reversed(mine[low:high])))
        return self._read(kind, self._orders[kind].newest_first(since, until, below))

    def oldest_first(
        self, kind: str, since: int, until: int, above: Place, customer: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield (id, record) created in [since, until], from just above a place upwards."""
        if customer:
            mine = self._mine(kind, customer)
            low = max(bisect_left(mine, (since, FIRST)), bisect_right(mine, (*above, NOWHERE)))
            high = bisect_right(mine, (until, LAST))
            return self._read(kind, (address for _, _, address in mine[low:high]))
        return self._read(kind, self._orders[kind].oldest_first(since, until, above))

    def _mine(self, kind: str, customer: str) -> list[tuple[Any, ...]]:
        """Return (created, id, address) of a customer's objects, oldest first."""
        if kind not in OWNED:
            return []
        return sorted((at, name, address) for name, (at, address) in self._places_of(kind, customer).items())

    def _read(self, kind: str, addresses: Iterable[int]) -> Iterator[tuple[str, Any]]:
        for address in addresses:
            entry = self.log.read(address)
            yield entry.identity, self._unpacked(kind, entry)
