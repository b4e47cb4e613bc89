"""Everything that a sandbox holds."""

from collections.abc import Iterator
from itertools import chain
from threading import RLock

from .clock import Clock
from .company import Company
from .courier import Courier
from .deliveries import Delivery, deliveries
from .faults import Faults
from .keys import Keys, standard_keys
from .mischief import Mischief
from .objects.events import API_VERSION
from .objects.json import Json
from .statistics import Statistics
from .webhooks import Webhooks


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
        self.statistics = Statistics()
        self.webhooks = Webhooks()
        self.answered: dict[tuple[str, str, str], Json] = {}
        self.turn = RLock()
        self.courier = Courier(self.turn, self._news)
        self._told_until = company.now
        self.misbehave(faults or Faults())

    @property
    def faults(self) -> Faults:
        """Return the faults committed at present."""
        return self.mischief.faults

    @property
    def account_version(self) -> str:
        """Return the account's own API version, at which its events are kept."""
        return self.faults.account_version or API_VERSION

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
        version, handling = self.account_version, self.faults.handling
        return chain.from_iterable(
            [
                deliveries(self.company, endpoint, since, handling, account_version=version)
                for endpoint in self.webhooks
            ]
        )
