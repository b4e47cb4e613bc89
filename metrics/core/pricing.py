"""What prices ask for quantities over a billing interval, what coupons leave of it, and a month's share."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from metrics.core.facts import Coupon, Exact, Price
from metrics.core.money import MICRO

# A year has 12 months, 52 weeks and 365 days, whatever the calendar says.
INTERVALS_A_YEAR = {"month": 12, "year": 1, "week": 52, "day": 365}


class Applied(NamedTuple):
    """A discount in effect: its coupon, and whether it lies on the subscription or on one item."""

    on_subscription: bool
    discount: str
    coupon: str


class Charge(NamedTuple):
    """What one item asks over its interval (None: unknown), and the discounts laid on it."""

    amount: Exact | None
    product: str
    discounts: tuple[Applied, ...]


def asked(price: Price, quantity: int, currency: str) -> Exact | None:
    """Return the minor units that one billing interval costs; None when the price does not say."""
    tiers = price.amounts.get(currency)
    if not tiers or price.interval not in INTERVALS_A_YEAR:
        return None
    if price.divide_by:
        whole, rest = divmod(quantity, price.divide_by)
        quantity = whole + (rest > 0 and price.round == "up")
    if price.tiers_mode == "volume":
        tier = next((tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to), tiers[-1])
        return tier.flat_amount + tier.unit_amount * quantity
    # The first tier's flat amount is owed even for a quantity of 0.
    total: Exact = 0
    below = 0
    for tier in tiers:
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += tier.flat_amount + tier.unit_amount * (top - below)
        if top == quantity:
            break
        below = top
    return total


def discounted(charges: Sequence[Charge], coupons: Mapping[str, Coupon], currency: str) -> list[Exact]:
    """Return what remains of each charge: percentages first, compounding, then amounts, floor 0.

    An amount off is shared in proportion over the items that its coupon applies to, an item's own
    before the subscription's: 10.00 off 30.00 and 20.00 leaves 24.00 and 16.00. The order is ours;
    Stripe's own is not documented.
    """
    left = [charge.amount or 0 for charge in charges]
    laid = {applied for charge in charges for applied in charge.discounts}
    if not laid:
        return left
    for applied in sorted(laid, key=lambda one: (coupons[one.coupon].percent_off is None, one)):
        coupon = coupons[applied.coupon]
        reached = [
            n
            for n, charge in enumerate(charges)
            if applied in charge.discounts and (not coupon.products or charge.product in coupon.products)
        ]
        if coupon.percent_off is None:
            off, total = (coupon.amounts_off or {}).get(currency, 0), sum([left[n] for n in reached])
            kept = 1 - Fraction(off) / total if off < total else Fraction(0)
        else:
            kept = max(1 - coupon.percent_off / 100, Fraction(0))
        for n in reached:
            left[n] *= kept
    return left


def monthly_micro(price: Price, amount: Exact) -> int:
    """Return a month's share of an interval's amount in micro units: 600 a year is 50, 10 a week 43 1/3.

    Here, and only here, it is rounded, half to even: 10000/12 is 833_333_333.
    """
    a_year = INTERVALS_A_YEAR.get(price.interval or "", 0)
    over = 12 * price.interval_count * amount.denominator
    whole, rest = divmod(amount.numerator * MICRO * a_year, over)
    return whole + (2 * rest + whole % 2 > over)


def is_contracted(price: Price) -> bool:
    """Tell whether the interval is a year or longer."""
    return price.interval_count >= INTERVALS_A_YEAR.get(price.interval or "", price.interval_count + 1)
