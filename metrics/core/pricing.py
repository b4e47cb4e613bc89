"""What a price asks for a quantity over one billing interval, and the share of it that is a month's."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from metrics.core.facts import Price, Tier

# A year has 12 months, 52 weeks and 365 days, whatever the calendar says.
INTERVALS_A_MONTH = {
    "month": Fraction(1),
    "year": Fraction(1, 12),
    "week": Fraction(52, 12),
    "day": Fraction(365, 12),
}
INTERVALS_A_YEAR = {"month": 12, "year": 1, "week": 52, "day": 365}


def asked(price: Price, quantity: int, currency: str) -> Fraction | None:
    """Return the minor units that one billing interval costs; None when the price does not say."""
    amount = price.amounts.get(currency)
    if amount is None or price.interval not in INTERVALS_A_MONTH:
        return None
    if amount.tiers:
        return (_volume if price.tiers_mode == "volume" else _graduated)(amount.tiers, quantity)
    if amount.unit_amount is None:
        return None
    return amount.unit_amount * _units(price, quantity)


def monthly(price: Price, amount: Fraction) -> Fraction:
    """Return a month's share of an interval's amount: 600 a year is 50, 10 a week 43 1/3."""
    return amount * _share(price.interval or "month", price.interval_count)


def is_contracted(price: Price) -> bool:
    """Tell whether the interval is a year or longer."""
    return price.interval_count >= INTERVALS_A_YEAR.get(price.interval or "", price.interval_count + 1)


@cache
def _share(interval: str, count: int) -> Fraction:
    return INTERVALS_A_MONTH[interval] / count


def _units(price: Price, quantity: int) -> int:
    if not price.divide_by:
        return quantity
    whole, rest = divmod(quantity, price.divide_by)
    return whole + (rest > 0 and price.round == "up")


def _volume(tiers: Sequence[Tier], quantity: int) -> Fraction:
    reached = [tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to]
    tier = reached[0] if reached else tiers[-1]
    return tier.flat_amount + tier.unit_amount * quantity


def _graduated(tiers: Sequence[Tier], quantity: int) -> Fraction:
    """Add each tier's units; the first tier's flat amount is owed even for a quantity of 0."""
    total, below = Fraction(0), 0
    for tier in tiers:
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += tier.flat_amount + tier.unit_amount * (top - below)
        if top == quantity:
            break
        below = top
    return total
