"""Everything that a sandbox holds."""

from threading import RLock

from .clock import Clock
from .company import Company
from .faults import Faults
from .keys import Keys, standard_keys
from .mischief import Mischief
from .statistics import Statistics


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
        self.turn = RLock()
        self.misbehave(faults or Faults())

    @property
    def faults(self) -> Faults:
        """Return the faults committed at present."""
        return self.mischief.faults

    def misbehave(self, faults: Faults) -> None:
        """Commit other faults from now on, with the dice and the limits anew."""
        self.mischief = Mischief(faults)

    def advance(self, now: int) -> None:
        """Move the company on to an instant, between requests."""
        with self.turn:
            self.clock.set(now)
