"""Discounts and taxes on the lines of an invoice."""

from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from .life import Life
from .lines import to_minor
from .records import Discount, Line, Subscription, Tax
from .valuation import amount_off

Bound = tuple[Discount, str | None]


def bound(life: Life, subscription: Subscription) -> list[Bound]:
    """Return the discounts that an invoice made now carries, each with the item it is bound to."""
    own = subscription.discounts
    if not own and life.customer.discount:
        own = (life.customer.discount,)
    found: list[Bound] = [(discount, None) for discount in own]
    found += [(discount, item.id) for item in subscription.items for discount in item.discounts]
    return [(d, only) for d, only in found if d.end is None or life.now < d.end]


def discounted(lines: Sequence[Line], discounts: Sequence[Bound]) -> list[Line]:
    """Take discounts off lines: percentages one after another, then amounts in proportion."""
    found = list(lines)
    ordered = sorted(discounts, key=lambda one: one[0].coupon.percent_off is None)
    for discount, only in ordered:
        touched = [n for n, line in enumerate(found) if _bears(discount, only, line)]
        nets = [net(found[n]) for n in touched]
        for number, off in zip(touched, _shares(discount, nets, found), strict=True):
            line = found[number]
            if off:
                found[number] = replace(line, discount_amounts=(*line.discount_amounts, (discount.id, off)))
    return found


def net(line: Line) -> int:
    """Return a line's amount after its discounts."""
    return line.amount - sum(amount for _, amount in line.discount_amounts)


def _bears(discount: Discount, only: str | None, line: Line) -> bool:
    if line.proration or line.price is None or only not in (None, line.item):
        return False
    return not discount.coupon.products or line.price.product in discount.coupon.products


def _shares(discount: Discount, nets: Sequence[int], lines: Sequence[Line]) -> list[int]:
    if discount.coupon.percent_off is not None:
        return [to_minor(Fraction(discount.coupon.percent_off) * amount / 100) for amount in nets]
    total = sum(nets)
    if total <= 0:
        return [0] * len(nets)
    off = min(total, int(amount_off(discount.coupon, lines[0].currency)))
    shares = [off * amount // total for amount in nets]
    shares[0] += off - sum(shares)
    return shares


def taxed(lines: Sequence[Line], subscription: Subscription) -> list[Line]:
    """Put each line's taxes on it, after discounts."""
    rates = {item.id: item.tax_rates for item in subscription.items}
    if not subscription.tax_rates and not any(rates.values()):
        return list(lines)
    found = []
    for line in lines:
        taxes = []
        for rate in rates.get(line.item or "", ()) or subscription.tax_rates:
            share = Fraction(rate.percentage) / 100
            amount = Fraction(net(line)) * share
            if rate.inclusive:
                amount /= 1 + share
            tax = to_minor(amount)
            taxes.append(Tax(rate, tax, net(line) - (tax if rate.inclusive else 0)))
        found.append(replace(line, taxes=tuple(taxes)))
    return found
