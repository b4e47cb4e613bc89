"""From segments to movements: one customer's changes of MRR, netted within a window and classified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from metrics.core.intervals import Windows
from metrics.core.ledger import Segment


@dataclass(frozen=True, slots=True)
class Step:
    """A raw change of one item at an instant, on one plan; `amount_micro` is signed."""

    at: int
    currency: str
    subscription: str
    item: str
    price: str
    product: str
    amount_micro: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """What one item on one plan adds to a movement; signed."""

    subscription: str
    item: str
    price: str
    product: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One customer's net change in one currency and window; contraction and churn are negative.

    `at` is the window's last step; `steps` are the raw changes that the window netted.
    """

    on: date
    at: int
    kind: str
    currency: str
    amount_micro: int
    reasons: tuple[str, ...]
    legs: tuple[Leg, ...]
    steps: tuple[Step, ...]

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Return the ids of the subscriptions whose legs make up the movement, sorted."""
        return tuple(sorted({leg.subscription for leg in self.legs}))


def steps(ledger: Sequence[Segment]) -> tuple[Step, ...]:
    """Return every raw change of one customer's items, by time."""
    raise NotImplementedError


def movements(changes: Sequence[Step], windows: Windows) -> tuple[Movement, ...]:
    """Net one customer's steps within each window and name what remains."""
    raise NotImplementedError
