"""The six alert rules: whether each one's comparison holds, and whether it is more than chance."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from metrics.core.definition import AlertSettings


@dataclass(frozen=True, slots=True)
class Move:
    """A movement on a local day; the amount is signed micro units."""

    on: date
    kind: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Recent:
    """What the rules look at, up to the local midnight that begins `today`.

    `mrr_micro` and `customers` are as of that midnight; `first_on` is the day history begins;
    `failed_on` has the day of the first failed attempt of each invoice.
    """

    today: date
    first_on: date
    mrr_micro: int
    customers: int
    customers_30_days_ago: int
    moves: Sequence[Move]
    failed_on: Sequence[date]

    def within(self, start: date, end: date, *kinds: str) -> list[int]:
        """Return the amounts moved in `[start, end)` as magnitudes, of all kinds when none is named."""
        return [
            abs(move.amount_micro)
            for move in self.moves
            if start <= move.on < end and (not kinds or move.kind in kinds)
        ]

    def mrr_before(self, start: date) -> int:
        """Return the MRR at the midnight that begins a day."""
        return self.mrr_micro - sum(
            move.amount_micro for move in self.moves if start <= move.on < self.today
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule's state: `insufficient`, `quiet`, `watch` (it holds) or `alert` (and is guarded)."""

    rule: str
    level: str
    value: Fraction | None = None
    threshold: Fraction | None = None


def readings(recent: Recent, settings: AlertSettings) -> tuple[Reading, ...]:
    """Return what each rule says at the last local midnight."""
    if recent.customers < settings.minimum_customers:
        return tuple(Reading(rule, "insufficient") for rule in RULES)
    days = (recent.today - recent.first_on).days
    return tuple(
        rule(recent, settings) if days >= needed else Reading(name, "insufficient")
        for name, (rule, needed) in RULES.items()
    )


def guarded(difference: int | Fraction, amounts: Iterable[int]) -> bool:
    """Tell whether a difference is above 3·√(Σ amount²)."""
    return difference > 0 and difference**2 > 9 * sum(amount**2 for amount in amounts)
