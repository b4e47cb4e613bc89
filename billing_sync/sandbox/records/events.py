"""What Stripe announces."""

from .record import Record


class Event(Record, frozen=True):
    """Hold one change: the record after it, and before it where it was an update."""

    id: str
    created: int
    type: str
    kind: str
    after: object
    before: object | None = None
