"""Which movements are asked for."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

Key = tuple[date, UUID, str, int]


@dataclass(frozen=True, slots=True)
class Only:
    """Which movements alone: sizes are without sign, `interval` is month or 3-month, `country` two letters.

    `reason` stands for itself and for whatever Stripe adds to it; `text` begins a name, an address or an id.
    """

    least_micro: int | None = None
    most_micro: int | None = None
    reason: str = ""
    interval: str = ""
    country: str = ""
    text: str = ""

    @property
    def narrows(self) -> bool:
        """Say whether anything is left out."""
        return self != Only()


@dataclass(frozen=True, slots=True)
class Sum:
    """Which movements: dated in `[start, end)`, of one currency, and of one kind or plan where given."""

    start: date
    end: date
    currency: str
    kind: str = ""
    plan: str = ""
    window: str = "day"
    only: Only = field(default_factory=Only)

    @property
    def narrows(self) -> bool:
        """Say whether no table keeps what these come to."""
        return bool(self.plan) or self.only.narrows
