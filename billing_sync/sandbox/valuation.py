"""What an item is worth a month, exactly: the sandbox's own arithmetic, shared with nobody."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from .records import Coupon, Item, Price, Subscription

PER_MONTH = {
    "month": Fraction(1),
    "year": Fraction(1, 12),
    "week": Fraction(52, 12),
    "day": Fraction(365, 12),
}
MICRO = 1_000_000
Coupons = Sequence[tuple[Coupon, str | None]]


def interval_amount(price: Price, quantity: int, currency: str | None = None) -> Fraction:
    """Return the exact amount in minor units that one billing interval costs."""
    if price.divide_by:
        quantity = _packages(quantity, price.divide_by, price.round)
    if price.tiers_mode == "volume":
        return _volume(price, quantity)
    if price.tiers_mode == "graduated":
        return _graduated(price, quantity)
    amount = price.unit_amount
    if currency and currency != price.currency:
        amount = dict(price.currency_options)[currency]
    return Fraction(amount or 0) * quantity


def _packages(quantity: int, divide_by: int, direction: str) -> int:
    return -(-quantity // divide_by) if direction == "up" else quantity // divide_by


def _fraction(amount: Decimal | None) -> Fraction:
    return Fraction(0) if amount is None else Fraction(amount)


def _volume(price: Price, quantity: int) -> Fraction:
    for tier in price.tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return _fraction(tier.unit_amount) * quantity + _fraction(tier.flat_amount)
    raise ValueError(f"{price.id} has no tier for {quantity}")


def _graduated(price: Price, quantity: int) -> Fraction:
    total, below = Fraction(0), 0
    for tier in price.tiers:
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if top > below or (tier is price.tiers[0] and quantity == 0):
            total += _fraction(tier.unit_amount) * (top - below) + _fraction(tier.flat_amount)
        below = max(below, top)
    return total


def monthly(price: Price, amount: Fraction) -> Fraction:
    """Return an interval's amount per month."""
    return amount * PER_MONTH[price.interval or "month"] / price.interval_count


def micro(amount: Fraction) -> int:
    """Round minor units to millionths, half-even."""
    return round(amount * MICRO)


def item_amounts(subscription: Subscription, coupons: Coupons, net: bool) -> list[Fraction]:
    """Return each item's cost of one interval after discounts; `net` takes inclusive tax out first."""
    amounts = [_licensed(item, subscription, net) for item in subscription.items]
    for coupon, only in coupons:
        if coupon.percent_off is not None:
            rest = 1 - Fraction(coupon.percent_off) / 100
            touched = _touched(subscription.items, coupon, only)
            amounts = [a * rest if i in touched else a for i, a in enumerate(amounts)]
    for coupon, only in coupons:
        if coupon.amount_off is not None:
            touched = _touched(subscription.items, coupon, only)
            amounts = _less(amounts, touched, amount_off(coupon, subscription.currency))
    return amounts


def item_values(subscription: Subscription, coupons: Coupons) -> list[int]:
    """Return each item's MRR in micro units; a coupon beside an item id bears on that item alone."""
    amounts = item_amounts(subscription, coupons, net=True)
    return [
        micro(monthly(item.price, amount)) for item, amount in zip(subscription.items, amounts, strict=True)
    ]


def _licensed(item: Item, subscription: Subscription, net: bool) -> Fraction:
    if item.price.usage_type == "metered":
        return Fraction(0)
    amount = interval_amount(item.price, item.quantity or 0, subscription.currency)
    for rate in item.tax_rates or subscription.tax_rates:
        if rate.inclusive and net:
            amount = amount / (1 + Fraction(rate.percentage) / 100)
    return amount


def _touched(items: Sequence[Item], coupon: Coupon, only: str | None) -> set[int]:
    return {
        number
        for number, item in enumerate(items)
        if only in (None, item.id) and (not coupon.products or item.price.product in coupon.products)
    }


def amount_off(coupon: Coupon, currency: str) -> Fraction:
    """Return what a coupon takes off in a currency, 0 where it names no amount."""
    if coupon.currency == currency:
        return Fraction(coupon.amount_off or 0)
    return Fraction(dict(coupon.currency_options).get(currency, 0))


def _less(amounts: list[Fraction], touched: set[int], off: Fraction) -> list[Fraction]:
    total = sum((amounts[i] for i in touched), Fraction(0))
    if total == 0:
        return amounts
    rest = max(Fraction(0), 1 - off / total)
    return [a * rest if i in touched else a for i, a in enumerate(amounts)]
