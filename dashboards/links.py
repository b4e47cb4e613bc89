"""An address behind a number, and what its rows come to."""

from dataclasses import dataclass

from metrics.core.rates import Rate


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and what its rows come to: an amount, a number of customers or a rate."""

    url: str
    amount_micro: int | None = None
    count: int | None = None
    rate: Rate = None
