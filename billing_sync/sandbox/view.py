"""A company as its API shows it: the script's records, what was tampered with, and what faults hide."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .company import Company
from .endpoints import Endpoint
from .errors import missing
from .faults import Faults
from .life import DAY
from .listing import Query
from .objects import Json, build
from .older import event_at
from .spoiling import mark, spoiled
from .tampering import Tampering

EVENTS_REACH = 30 * DAY
SHOWN = "(not deleted behind the script's back)"


@dataclass(frozen=True, slots=True)
class View:
    """Show a company's objects."""

    company: Company
    tampering: Tampering
    faults: Faults
    chance: Callable[[int], bool]

    def shown(self, kind: str, identity: str, record: Any, live: bool) -> Json:
        """Return an object whole and sound, whatever else befalls it."""
        found = build(kind, record, live) | self.company.oddities.get(identity, {})
        if kind != "event":
            return self.tampering.laid_over(identity, found)
        found = self.tampering.told(identity, found)
        found["created"] += self.faults.skew
        return event_at(found, self.faults.account_version) if self.faults.account_version else found

    def sent(self, name: str, shown: Json) -> Any:
        """Return an object of a list's name as it leaves the sandbox."""
        return spoiled(self.faults, name, shown)

    def exists(self, endpoint: Endpoint, identity: str, record: Any) -> bool:
        """Return whether an object can be retrieved by its id."""
        if identity in self.tampering.deleted:
            return False
        if endpoint.kind == "event":
            return bool(record.created >= self.company.now - EVENTS_REACH) and self.listed(record)
        if endpoint.kind == "subscription_item":
            owner = self.company.book.get("subscription", record.subscription)
            return owner is not None and any(item.id == record.id for item in owner.items)
        return endpoint.kind == "customer" or not getattr(record, "deleted", False)

    def happened(self, event: Any) -> bool:
        """Return whether an event is ever told of."""
        return mark(self.faults, "missing", event.id) >= self.faults.event_missing

    def listed(self, event: Any) -> bool:
        """Return whether an event is in the list by now."""
        if not self.happened(event):
            return False
        late = mark(self.faults, "late", event.id) < self.faults.event_late
        return not late or bool(self.company.now >= event.created + self.faults.event_late_seconds)

    def times(self, event: Any) -> int:
        """Return how often an event is in the list."""
        return 1 + (mark(self.faults, "twice", event.id) < self.faults.event_twice)

    def without_deleted(self, endpoint: Endpoint, query: Query) -> Endpoint:
        """Return a list's endpoint so that it leaves out what was deleted behind the script's back."""
        deleted = self.tampering.deleted
        if not deleted:
            return endpoint
        for name in ("starting_after", "ending_before"):
            if getattr(query, name) in deleted:
                raise missing(endpoint.kind, getattr(query, name), name, status=400)
        query.filters[SHOWN] = [""]
        name = "payment_id" if endpoint.kind == "invoice_payment" else "id"
        kept = {SHOWN: lambda record, _: getattr(record, name) not in deleted}
        return replace(endpoint, filters={**endpoint.filters, **kept})
