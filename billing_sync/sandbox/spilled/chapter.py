"""One life's own book, and how it is bound into the files."""

from collections.abc import Iterator
from typing import Any

import msgspec

from billing_sync.sandbox.book import Book
from billing_sync.sandbox.ledger import Ledger
from billing_sync.sandbox.life import Life
from billing_sync.sandbox.records import Customer, Event

from .log import Writer

Placed = tuple[int, int]
PACK = msgspec.msgpack.Encoder()


class Chapter(Book):
    """Keep one customer's records and the order in which they came; the catalogue shines through."""

    def __init__(self, catalogue: Book) -> None:
        super().__init__()
        self._catalogue = catalogue
        self.puts: list[tuple[str, str, Any]] = []

    def put(self, kind: str, record: Any, identity: str | None = None, created: int | None = None) -> None:
        """Store a record, and remember that it came."""
        super().put(kind, record, identity, created)
        self.puts.append((kind, identity or record.id, record))

    def get(self, kind: str, identity: str) -> Any | None:
        """Return the latest record of this life or of the catalogue, or None."""
        found = super().get(kind, identity)
        return self._catalogue.get(kind, identity) if found is None else found

    def all(self, kind: str) -> Iterator[Any]:
        """Yield what the catalogue holds of a kind, then what this life does."""
        yield from self._catalogue.all(kind)
        yield from super().all(kind)


class Volume(msgspec.Struct, array_like=True, gc=False):
    """Hold what a life left in the files: its truth, and by kind where the places of its objects are told."""

    puts: int
    customer: Customer
    ledger: Ledger
    places: dict[str, int]


class Change(msgspec.Struct, frozen=True, gc=False):
    """Hold that an object has a new address, and which it had before."""

    kind: str
    created: int
    address: int
    old: int | None


PLACES = msgspec.msgpack.Decoder(dict[str, Placed])


class Binding:
    """Write what is new of a life; what an older volume holds is written already."""

    def __init__(self, writer: Writer, chapter: Chapter) -> None:
        self._writer = writer
        self._chapter = chapter
        self._known: dict[str, dict[str, Placed]] = {}
        self._written: dict[tuple[int, str], int] = {}
        self._since = 0
        self.changes: list[Change] = []

    def take_over(self, puts: int, known: dict[str, dict[str, Placed]]) -> None:
        """Begin after the puts that an older volume knows of."""
        self._since, self._known = puts, known
        latest = {(kind, name): record for kind, name, record in self._chapter.puts[:puts]}
        for (kind, name), record in latest.items():
            self._written[id(record), name] = self._known[kind][name][1]

    def bind(self, life: Life) -> int:
        """Write new events, the newest states and the volume, and return the volume's address."""
        latest: dict[tuple[str, str], Any] = {}
        for kind, name, record in self._chapter.puts[self._since :]:
            if kind == "event":
                self._enter(kind, name, record.created, self._announced(record))
            else:
                latest[kind, name] = record
        for (kind, name), record in latest.items():
            self._enter(kind, name, self._created(kind, name, record), self._kept(kind, name, record))
        told = {kind: self._writer.append(0, "", PACK.encode(known)) for kind, known in self._known.items()}
        volume = Volume(len(self._chapter.puts), life.customer, life.ledger, told)
        return self._writer.append(0, "", PACK.encode(volume))

    def _created(self, kind: str, name: str, record: Any) -> int:
        place = self._chapter.place(kind, name)
        return record.created if place is None else place[0]

    def _enter(self, kind: str, name: str, created: int, address: int) -> None:
        known = self._known.setdefault(kind, {})
        old = known.get(name)
        known[name] = (created, address)
        self.changes.append(Change(kind, created, address, None if old is None else old[1]))

    def _kept(self, kind: str, name: str, record: Any) -> int:
        address = self._written.get((id(record), name))
        if address is None:
            created = self._created(kind, name, record)
            address = self._writer.append(created, name, PACK.encode(record))
            self._written[id(record), name] = address
        return address

    def _announced(self, event: Event) -> int:
        after: Any = event.after
        before: Any = event.before
        told = (
            event.type,
            event.kind,
            self._kept(event.kind, after.id, after),
            None if before is None else self._kept(event.kind, before.id, before),
        )
        return self._writer.append(event.created, event.id, PACK.encode(told))
