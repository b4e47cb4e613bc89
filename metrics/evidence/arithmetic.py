"""How one segment's MRR comes about, step by step, in exact figures; the last step is the segment's MRR.

Every figure comes from the functions that made the segment: what a price asks, what coupons leave of it,
what a month's share is. Amounts are minor units, as fractions where they are no whole numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Exact, Price
from metrics.core.history import Configuration
from metrics.core.ledger import DURATIONS, Segment
from metrics.core.money import MICRO
from metrics.core.pricing import INTERVALS_A_YEAR, Applied, Charge, asked, discounted, monthly_micro


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done, the figures it is done with, and what is left after it."""

    code: str
    left: Exact
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A discount that takes nothing off here, and why: its duration, its products, its coupon, usage."""

    applied: Applied
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One segment in steps; `value_micro` is what it would be if no rule left it out."""

    configuration: Configuration
    price: Price
    siblings: tuple[Configuration, ...]
    steps: tuple[Step, ...]
    ignored: tuple[Ignored, ...]
    value_micro: int
    mrr_micro: int
    excluded: str


def explain(
    segment: Segment,
    past: Sequence[Configuration],
    catalogue: Catalogue,
    definition: Definition,
    at: int | None = None,
) -> Explanation | None:
    """Return how a segment's MRR comes about at an instant, by default its start; None without a history."""
    instant = segment.start if at is None else at
    together = [row for row in past if _beside(row, segment, instant)]
    place = next((n for n, row in enumerate(together) if row.item == segment.item), None)
    if place is None:
        return None
    row, price = together[place], catalogue.prices[together[place].price]
    charges = [charge(one, catalogue, definition) for one in together]
    steps = [*_asked(row, price)]
    steps += _discounts(charges, place, catalogue, row.currency)
    left = discounted(charges, catalogue.coupons, row.currency)[place]
    if row.tax_share:
        left *= 1 - row.tax_share
        steps.append(Step("tax", left, {"share": row.tax_share}))
    value = monthly_micro(price, left)
    steps += _a_month(price, left, value)
    if segment.excluded:
        steps.append(Step("rule", 0, {"rule": segment.excluded}))
    return Explanation(
        configuration=row,
        price=price,
        siblings=tuple(together[:place] + together[place + 1 :]),
        steps=tuple(steps),
        ignored=tuple(_ignored(row, catalogue, charges[place])),
        value_micro=value,
        mrr_micro=0 if segment.excluded else value,
        excluded=segment.excluded,
    )


def charge(row: Configuration, catalogue: Catalogue, definition: Definition) -> Charge:
    """Return what an item asks over its interval, and those of its discounts that the definition counts."""
    price, coupons = catalogue.prices[row.price], catalogue.coupons
    if price.metered:
        return Charge(row.usage, price.product, ())
    counting = tuple(
        one
        for one in row.discounts
        if one.coupon in coupons and coupons[one.coupon].duration in DURATIONS[definition.discounts]
    )
    return Charge(asked(price, row.quantity, row.currency), price.product, counting)


def priced_units(price: Price, quantity: int) -> int:
    """Return how many units a price is asked for: packages where it divides the quantity."""
    if not price.divide_by:
        return quantity
    whole, rest = divmod(quantity, price.divide_by)
    return whole + (rest > 0 and price.round == "up")


def month_share(price: Price) -> Fraction:
    """Return which part of an interval's amount is a month's: 1/3 of a quarter's, 13/3 of a week's."""
    return Fraction(INTERVALS_A_YEAR.get(price.interval or "", 0), 12 * price.interval_count)


def _beside(row: Configuration, segment: Segment, at: int) -> bool:
    same = (row.subscription, row.currency) == (segment.subscription, segment.currency)
    return same and row.start <= at and (row.end is None or at < row.end)


def _asked(row: Configuration, price: Price) -> Iterator[Step]:
    """Yield how the amount over one interval comes about; the last is what `asked` returns."""
    tiers = price.amounts.get(row.currency)
    if price.metered:
        yield Step("usage", row.usage or 0, {"known": row.usage is not None})
        return
    if not tiers or price.interval not in INTERVALS_A_YEAR:
        yield Step("unknown", 0)
        return
    quantity = row.quantity
    if price.divide_by:
        facts = {"units": quantity, "divide_by": price.divide_by, "round": price.round}
        quantity = priced_units(price, quantity)
        yield Step("packages", quantity, facts)
    if price.tiers_mode == "volume":
        tier = next((tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to), tiers[-1])
        facts = {"quantity": quantity, "unit": tier.unit_amount, "flat": tier.flat_amount}
        yield Step("volume", tier.flat_amount + tier.unit_amount * quantity, {**facts, "up_to": tier.up_to})
        return
    if len(tiers) == 1 and tiers[0].up_to is None and not tiers[0].flat_amount:
        unit = tiers[0].unit_amount
        yield Step("per_unit", unit * quantity, {"quantity": quantity, "unit": unit})
        return
    yield from _graduated(price, quantity, row.currency)


def _graduated(price: Price, quantity: int, currency: str) -> Iterator[Step]:
    total: Exact = 0
    below = 0
    for tier in price.amounts[currency]:
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += tier.flat_amount + tier.unit_amount * (top - below)
        facts = {"quantity": top - below, "unit": tier.unit_amount, "flat": tier.flat_amount, "below": below}
        yield Step("tier", total, facts | {"up_to": tier.up_to})
        if top == quantity:
            return
        below = top


def _discounts(charges: Sequence[Charge], place: int, catalogue: Catalogue, currency: str) -> Iterator[Step]:
    """Yield what each coupon in effect takes off the item, in the order in which they are taken."""
    coupons, mine = catalogue.coupons, charges[place]
    laid = {applied for one in charges for applied in one.discounts}
    order = sorted(laid, key=lambda one: (coupons[one.coupon].percent_off is None, one))
    before = [one.amount or 0 for one in charges]
    for number, applied in enumerate(order, start=1):
        counted = set(order[:number])
        some = [
            one._replace(discounts=tuple(each for each in one.discounts if each in counted))
            for one in charges
        ]
        after = discounted(some, coupons, currency)
        coupon = coupons[applied.coupon]
        reached = [n for n, one in enumerate(charges) if applied in one.discounts and _meets(one, coupon)]
        if applied in mine.discounts and place in reached:
            facts: dict[str, Any] = {"coupon": applied.coupon, "duration": coupon.duration}
            facts |= {"percent": coupon.percent_off, "on_subscription": applied.on_subscription}
            facts["off"] = before[place] - after[place]
            facts |= {"amount": (coupon.amounts_off or {}).get(currency, 0), "items": len(reached)}
            facts["over"] = sum(before[n] for n in reached)
            yield Step("percent_off" if coupon.percent_off is not None else "amount_off", after[place], facts)
        before = after


def _meets(one: Charge, coupon: Any) -> bool:
    return not coupon.products or one.product in coupon.products


def _a_month(price: Price, amount: Exact, value: int) -> Iterator[Step]:
    """Yield a month's share of the amount, and the rounding to a micro unit where it changes anything."""
    if price.interval not in INTERVALS_A_YEAR:
        return
    share = month_share(price)
    exact = amount * share
    if share != 1:
        yield Step("interval", exact, {"interval": price.interval, "count": price.interval_count})
    if exact * MICRO != value:
        yield Step("rounded", Fraction(value, MICRO))


def _ignored(row: Configuration, catalogue: Catalogue, mine: Charge) -> Iterator[Ignored]:
    price = catalogue.prices[row.price]
    for applied in row.discounts:
        coupon = catalogue.coupons.get(applied.coupon)
        if coupon is None:
            yield Ignored(applied, "unknown_coupon")
        elif price.metered:
            yield Ignored(applied, "usage")
        elif applied not in mine.discounts:
            yield Ignored(applied, "duration")
        elif not _meets(mine, coupon):
            yield Ignored(applied, "products")
