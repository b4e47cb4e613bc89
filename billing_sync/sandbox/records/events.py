"""What Stripe announces."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one change: the record after it, and before it where it was an update."""

    id: str
    created: int
    type: str
    kind: str
    after: object
    before: object | None = None
