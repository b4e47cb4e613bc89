"""What coupons leave of the amounts that a subscription's items ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from metrics.core.facts import Coupon

DURATIONS = {
    "forever_and_repeating": frozenset({"forever", "repeating"}),
    "forever": frozenset({"forever"}),
    "all": frozenset({"forever", "repeating", "once"}),
    "none": frozenset[str](),
}


@dataclass(frozen=True, slots=True, order=True)
class Applied:
    """A discount in effect: its coupon, and whether it lies on the subscription or on one item."""

    on_subscription: bool
    discount: str
    coupon: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What one item asks over its interval (None: unknown), and the discounts laid on it."""

    amount: Fraction | None
    product: str
    discounts: tuple[Applied, ...]


def counted(applied: Applied, coupons: Mapping[str, Coupon], durations: frozenset[str]) -> bool:
    """Tell whether a discount reduces MRR under the setting; an unknown coupon reduces nothing."""
    coupon = coupons.get(applied.coupon)
    return coupon is not None and coupon.duration in durations


def discounted(charges: Sequence[Charge], coupons: Mapping[str, Coupon], currency: str) -> list[Fraction]:
    """Return what remains of each charge: percentages first, compounding, then amounts, floor 0.

    An amount off is shared in proportion over the items that its coupon applies to, an item's own
    before the subscription's: 10.00 off 30.00 and 20.00 leaves 24.00 and 16.00. The order is ours;
    Stripe's own is not documented.
    """
    left = [charge.amount or Fraction(0) for charge in charges]
    if not any(charge.discounts for charge in charges):
        return left
    left = [amount * _kept(charge, coupons) for amount, charge in zip(left, charges, strict=True)]
    for applied in sorted({applied for charge in charges for applied in charge.discounts}):
        coupon = coupons[applied.coupon]
        off = Fraction((coupon.amounts_off or {}).get(currency, 0))
        laid = [n for n, charge in enumerate(charges) if applied in charge.discounts]
        reached = [n for n in laid if _reaches(coupon, charges[n])]
        total = sum((left[n] for n in reached), Fraction(0))
        for n in reached:
            left[n] -= min(total, off) * left[n] / total if total else 0
    return left


def _kept(charge: Charge, coupons: Mapping[str, Coupon]) -> Fraction:
    kept = Fraction(1)
    for coupon in (coupons[applied.coupon] for applied in charge.discounts):
        if coupon.percent_off is not None and _reaches(coupon, charge):
            kept *= 1 - min(coupon.percent_off, Fraction(100)) / 100
    return kept


def _reaches(coupon: Coupon, charge: Charge) -> bool:
    return not coupon.products or charge.product in coupon.products
