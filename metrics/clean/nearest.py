"""Which mistake, or which two together, come nearest to a number that somebody typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from metrics.core.money import MICRO

# A figure that is this share off is another figure.
TOLERANCE = 200


@dataclass(frozen=True, slots=True)
class Guess:
    """What would make the typed number: the mistakes, what they come to, and how far off that is."""

    mistakes: tuple[str, ...]
    amount_micro: int
    off_micro: int

    @property
    def exact(self) -> bool:
        """Tell whether less than one minor unit is left to explain."""
        return abs(self.off_micro) < MICRO

    @property
    def near(self) -> bool:
        """Tell whether the rest is below half a percent of the amount."""
        return abs(self.off_micro) * TOLERANCE <= abs(self.amount_micro)


def nearest(
    typed_micro: int, mrr_micro: int, differences: Mapping[str, int], figures: Mapping[str, int]
) -> Guess:
    """Return the best explanation of a number; the simplest where several are as good.

    `differences` are what mistakes add to MRR, `figures` are whole numbers taken for it.
    """
    guesses = [Guess((), mrr_micro, typed_micro - mrr_micro)]
    guesses += [Guess((name,), amount, typed_micro - amount) for name, amount in figures.items()]
    moving = {name: amount for name, amount in differences.items() if amount}
    for count in (1, 2):
        for names in combinations(moving, count):
            amount = mrr_micro + sum(moving[name] for name in names)
            guesses.append(Guess(names, amount, typed_micro - amount))
    return min(guesses, key=lambda guess: (abs(guess.off_micro), len(guess.mistakes)))
