"""CAC payback: in how many months the margin on new customers has paid back what winning them cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from metrics.core.rates import Rate, ratio

Exact = int | Fraction
# Cohorts on each side of the trend, and by how much the newer may take longer before it is a warning.
SIDE, LONGER = 3, Fraction(6, 5)


@dataclass(frozen=True, slots=True)
class Won:
    """Those who began in a month: what was spent on them, what they held at its end, and how many.

    `held` is their MRR at each month's end since, that of their first month included.
    """

    spend: Exact
    base: Exact
    joined: int
    held: tuple[Exact, ...] = ()


def payback_months(spend: Exact, base: Exact, margin: Fraction) -> Rate:
    """Return spend ÷ (base MRR × margin): 6,000 for 1,000 of MRR at 80 % takes 7.5 months.

    Undefined where nothing was spent, or nothing is earned.
    """
    return ratio(Fraction(spend), base * margin) if spend > 0 and base * margin > 0 else None


def paid_back_after(spend: Exact, held: Sequence[Exact], margin: Fraction) -> int | None:
    """Return after how many months the margin had come to the spend, None while it has not.

    Each month's end stands for its month: 1,000, 900 and 800 at 80 % have paid 2,000 back after 3.
    """
    earned = Fraction(0)
    for months, mrr in enumerate(held, start=1):
        earned += mrr * margin
        if spend > 0 and earned >= spend:
            return months
    return None


def together(cohorts: Sequence[Won]) -> Won:
    """Return several cohorts as one, without what they held later."""
    return Won(
        sum((one.spend for one in cohorts), Fraction(0)),
        sum((one.base for one in cohorts), Fraction(0)),
        sum(one.joined for one in cohorts),
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """The payback of three older cohorts beside that of the three after them."""

    older: Rate
    newer: Rate
    older_joined: int
    newer_joined: int

    @property
    def lengthens(self) -> bool:
        """Say whether the newer take more than a fifth longer."""
        return self.older is not None and self.newer is not None and self.newer > self.older * LONGER


def trend(cohorts: Sequence[Won], margin: Fraction) -> Trend | None:
    """Return the trend of complete cohorts, oldest first; None where fewer than six had any spend."""
    known = [one for one in cohorts if one.spend > 0]
    if len(known) < 2 * SIDE:
        return None
    older, newer = together(known[-2 * SIDE : -SIDE]), together(known[-SIDE:])
    return Trend(
        payback_months(older.spend, older.base, margin),
        payback_months(newer.spend, newer.base, margin),
        older.joined,
        newer.joined,
    )
