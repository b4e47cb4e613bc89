"""From configurations to segments: history valued under one definition."""

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration


@dataclass(frozen=True, slots=True)
class Segment:
    """One item's MRR over `[start, end)`; 0 names the rule that left it out in `excluded`.

    `committed_micro` leaves out requested cancellations and adds what is signed, not started;
    `contracted` tells an interval of a year or longer.
    """

    subscription: str
    item: str
    start: int
    end: int | None
    currency: str
    price: str
    product: str
    quantity: int
    mrr_micro: int
    committed_micro: int
    contracted: bool
    excluded: str
    discounts: tuple[str, ...]
    cancellation: str
    evidence: tuple[str, ...]
    precision: str


def segments(
    configurations: Sequence[Configuration], catalogue: Catalogue, definition: Definition
) -> tuple[Segment, ...]:
    """Value one customer's configurations under a definition."""
    raise NotImplementedError
