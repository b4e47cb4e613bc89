"""The latest record of every object of an account, and the order in which lists show them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

Place = tuple[int, str]


class Shelf:
    """Keep the objects of one kind, ordered by (created, id)."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.created: dict[str, int] = {}
        self._order: list[Place] = []
        self._sorted = True

    def put(self, identity: str, created: int, record: object) -> None:
        """Store a record, replacing an older one of the same id."""
        if identity not in self.records:
            self.created[identity] = created
            self._order.append((created, identity))
            self._sorted = False
        self.records[identity] = record

    def order(self) -> Sequence[Place]:
        """Return every place, oldest first."""
        if not self._sorted:
            self._order.sort()
            self._sorted = True
        return self._order


class Book:
    """Keep every object of an account by kind and id."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = defaultdict(Shelf)
        self._owned: dict[tuple[str, str], Shelf] = defaultdict(Shelf)

    def put(self, kind: str, record: Any, identity: str | None = None, created: int | None = None) -> None:
        """Store a record under its own id, or another where it stands for two objects."""
        name = identity or record.id
        at = record.created if created is None else created
        self._shelves[kind].put(name, at, record)
        owner = getattr(record, "customer", None)
        if owner:
            self._owned[kind, owner].put(name, at, record)

    def get(self, kind: str, identity: str) -> Any | None:
        """Return the latest record, or None."""
        return self._shelves[kind].records.get(identity)

    def all(self, kind: str) -> Iterator[Any]:
        """Yield the latest records of a kind, oldest first."""
        shelf = self._shelves[kind]
        for _, identity in shelf.order():
            yield shelf.records[identity]

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return len(self._shelves[kind].records)

    def kinds(self) -> list[str]:
        """Return the kinds that hold anything."""
        return sorted(kind for kind, shelf in self._shelves.items() if shelf.records)

    def place(self, kind: str, identity: str) -> Place | None:
        """Return where an object stands in its list, or None."""
        created = self._shelves[kind].created.get(identity)
        return None if created is None else (created, identity)

    def newest_first(
        self, kind: str, since: int, until: int, below: Place | None = None, customer: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield (id, record) created in [since, until], from just below a place downwards."""
        shelf = self._owned[kind, customer] if customer else self._shelves[kind]
        order = shelf.order()
        low = bisect_left(order, (since, ""))
        high = bisect_right(order, (until, "\U0010ffff"))
        if below is not None:
            high = min(high, bisect_left(order, below))
        for number in range(high - 1, low - 1, -1):
            identity = order[number][1]
            yield identity, shelf.records[identity]

    def oldest_first(
        self, kind: str, since: int, until: int, above: Place, customer: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield (id, record) created in [since, until], from just above a place upwards."""
        shelf = self._owned[kind, customer] if customer else self._shelves[kind]
        order = shelf.order()
        low = max(bisect_left(order, (since, "")), bisect_right(order, above))
        for number in range(low, bisect_right(order, (until, "\U0010ffff"))):
            identity = order[number][1]
            yield identity, shelf.records[identity]
