"""Everything that a sandbox holds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from threading import RLock
from typing import Any

from .clock import Clock
from .company import Company
from .courier import Courier
from .deliveries import Delivery, Handling, happened, planned, snapshot
from .faults import Faults
from .keys import Keys, standard_keys
from .mischief import Mischief
from .oauth import Connection
from .objects.json import Json
from .records import Event
from .statistics import Statistics
from .tampering import Tampering
from .view import View
from .webhooks import WebhookEndpoint, Webhooks


class State:
    """Hold a company, its keys and its faults; `turn` lets one request at a time see or change them."""

    def __init__(
        self,
        company: Company,
        *,
        keys: Keys | None = None,
        faults: Faults | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.company = company
        self.keys = dict(standard_keys() if keys is None else keys)
        self.clock = clock or Clock(company)
        self.connection = Connection(self.keys)
        self._announced = count(1)
        self.statistics = Statistics()
        self.webhooks = Webhooks(self.tag)
        self.answered: dict[tuple[str, str, str], Json] = {}
        self.tampering = Tampering()
        self.turn = RLock()
        self.courier = Courier(self.turn, self._news)
        self._told_until = company.now
        self.misbehave(faults or Faults())

    @property
    def tag(self) -> str:
        """Return what tells the account's ids from those of other accounts."""
        return self.company.account.id.removeprefix("acct_1")

    def new_event(self) -> str:
        """Return the id of an event that the script knows nothing of."""
        return f"evt_1{self.tag}{next(self._announced):06d}S"

    @property
    def faults(self) -> Faults:
        """Return the faults committed at present."""
        return self.mischief.faults

    @property
    def view(self) -> View:
        """Return what the API shows of the company at present."""
        return View(self.company, self.tampering, self.faults, self.mischief.chance)

    def misbehave(self, faults: Faults) -> None:
        """Commit other faults from now on, with the dice and the limits anew."""
        self.mischief = Mischief(faults)

    def advance(self, now: int) -> None:
        """Move the company on to an instant, between requests."""
        with self.turn:
            self.clock.set(now)

    def _news(self) -> Iterator[Delivery]:
        """Return what the endpoints are to be told since the last time."""
        self.clock.tick()
        since, self._told_until = self._told_until + 1, self.company.now
        if since > self._told_until:
            return iter(())
        records = [event for event in happened(self.company, since) if self.view.happened(event)]
        return self._told(records, self.faults.handling)

    def emit(self, kind: str, event: str, identity: str, before: Json, after: Json) -> None:
        """Announce a change of an object that the script knows nothing of; `before` may equal `after`."""
        self.courier.collect()
        now, record = self.company.now, self.company.book.get(kind, identity)
        told = Event(self.new_event(), now, event, kind, record)
        self.company.book.put("event", told)
        self.tampering.tell(told.id, before, after)
        for delivery in self._told([told], self.faults.handling):
            self.courier.send(delivery)

    def deliveries(
        self, endpoints: Iterable[WebhookEndpoint], since: int, handling: Handling
    ) -> Iterator[Delivery]:
        """Return what endpoints are sent of the events from an instant on."""
        return self._told(happened(self.company, since), handling, endpoints)

    def _told(
        self, events: Sequence[Any], handling: Handling, endpoints: Iterable[WebhookEndpoint] | None = None
    ) -> Iterator[Delivery]:
        cut_off = self.connection.granted is False
        told = [
            endpoint
            for endpoint in (self.webhooks if endpoints is None else endpoints)
            if not (endpoint.connect and cut_off)
        ]
        return chain.from_iterable([self._told_to(endpoint, events, handling) for endpoint in told])

    def _told_to(
        self, endpoint: WebhookEndpoint, events: Sequence[Any], handling: Handling
    ) -> Iterator[Delivery]:
        view, account = self.view, self.company.account.id

        def shown(event: Any) -> Json:
            return snapshot(view.shown("event", event.id, event, endpoint.live), endpoint, account)

        wanted = [event for event in events if endpoint.wants(event.type)]
        return planned(wanted, shown, endpoint, handling, view.faults.skew)
